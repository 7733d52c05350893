package io.hostmesh.agent.tries;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.model.rules.RetryPolicy;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The tries of one request: how many there were, and whether there is one more. Not for threads.
 */
public final class Tries {
  /** What to do after a try. */
  public sealed interface Next {
    /** The caller gets what came of it. */
    record Take() implements Next {}

    /**
     * Another one follows, which has its place in the budget.
     *
     * @param cause the condition that held
     * @param nanos to wait before
     */
    record Again(String cause, long nanos) implements Next {}

    /** Another one was wanted and there is none; the caller gets what came of this one. */
    record GiveUp(Reason reason) implements Next {}
  }

  /** Why there is no further try. */
  public enum Reason {
    /** There were as many as the policy has. */
    USED_UP,
    /** The request is larger than what is kept of it. */
    TOO_LARGE,
    /** The service asks to be left in peace for longer than the caller waits. */
    RETRY_AFTER,
    /** Too many retries are under way. */
    BUDGET;

    /** As metrics call it. */
    public String text() {
      return switch (this) {
        case USED_UP -> "used-up";
        case TOO_LARGE -> "too-large";
        case RETRY_AFTER -> "retry-after";
        case BUDGET -> "budget";
      };
    }
  }

  private static final Next TAKE = new Next.Take();

  private final RetryPolicy policy;
  private final boolean repeatable;
  private final Load budget;
  private final RandomGenerator random;
  private final LongSupplier longestPause;
  private int begun;
  private int retries;
  private boolean kept = true;

  /**
   * @param repeatable whether the request may be sent again though an application may have seen it:
   *     it is idempotent, or the policy allows its method
   * @param budget of the service called
   * @param longestPause nanoseconds that a service may ask for before it is tried again
   */
  public Tries(
      RetryPolicy policy,
      boolean repeatable,
      Load budget,
      RandomGenerator random,
      LongSupplier longestPause) {
    this.policy = policy;
    this.repeatable = repeatable;
    this.budget = budget;
    this.random = random;
    this.longestPause = longestPause;
  }

  public RetryPolicy policy() {
    return policy;
  }

  /**
   * A try begins.
   *
   * @return its number, from 1
   */
  public int begin() {
    return ++begun;
  }

  /** The tries so far, hedges too. */
  public int begun() {
    return begun;
  }

  /** More has come of the request than is kept of it: no further try can send it whole. */
  public void tooLarge() {
    kept = false;
  }

  /** The condition for another try that holds; null where none does. */
  public @Nullable String cause(Ending ending) {
    return RetryCause.of(policy, repeatable, ending);
  }

  /** What to do after a try with which all others are over, too. */
  public Next after(Ending ending) {
    String cause = cause(ending);
    if (cause == null) {
      return TAKE;
    }
    if (retries + 1 >= policy.attempts()) {
      return new Next.GiveUp(Reason.USED_UP);
    }
    if (!kept) {
      return new Next.GiveUp(Reason.TOO_LARGE);
    }
    long asked = ending instanceof Ending.Answered answer ? answer.retryAfterNanos() : 0;
    if (asked > 0 && asked > longestPause.getAsLong()) {
      return new Next.GiveUp(Reason.RETRY_AFTER);
    }
    if (!budget.tryRetry()) {
      return new Next.GiveUp(Reason.BUDGET);
    }
    retries++;
    // What was never sent costs nobody anything: to the next instance at once, but not to all.
    boolean atOnce = retries == 1 && ending instanceof Ending.Failed failed && failed.unsent();
    // Behind the time that was asked for, since others were asked for the same.
    long nanos = atOnce ? 0 : asked + Backoff.nanos(policy.backoff(), retries, random);
    return new Next.Again(cause, nanos);
  }

  /**
   * Whether a second try may go beside one that is slow. Where it may, it has its place in the
   * budget.
   */
  public boolean hedge() {
    return kept && budget.tryRetry();
  }

  /** A try beside the first one, or after it, is over. */
  public void ended() {
    budget.retryEnded();
  }
}
