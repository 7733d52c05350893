package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.GrpcStatus;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.tries.Ending;
import io.hostmesh.agent.tries.Tries;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request that may be sent more than once. To its exchange it is one stream, whose answer is that
 * of the try that did best; only requests whose route asks for it are sent by one. Used by its
 * event loop only.
 */
final class TriedStream implements HttpStream {
  /** Where tries go, and who hears of them. */
  interface Road {
    /**
     * An instance for one more try, which had none.
     *
     * @param orAny whether one that had will do where there is no other
     */
    Resolution.Next another(boolean orAny);

    /**
     * Opens a stream.
     *
     * @param head of this try alone
     */
    void open(Members.Candidate to, HttpRequest head, Observer attempt);

    /** An instance could not be reached, or broke off. */
    void broke(Members.Candidate at, Failure why);

    /** An instance answers. */
    void reached(Members.Candidate at);

    /**
     * An instance has answered, for the caller or for nobody.
     *
     * @param status of HTTP, or as {@link GrpcStatus} has it
     */
    void answered(Members.Candidate by, int status);

    /**
     * A try is over, one way or another. Called once for each.
     *
     * @param nanos until its answer began, or that it was slower than what was waited for; 0 where
     *     it says nothing of how fast the instance is
     */
    void over(Members.Candidate at, long nanos);

    /** Another try follows. */
    void retried(String cause);

    /** Another try was wanted. */
    void notRetried(Tries.Reason reason);

    /** A try that went beside another one is over. */
    void hedged(boolean won);
  }

  /**
   * When copies go beside a slow try.
   *
   * @param after the try began
   * @param most at a time
   */
  record Hedging(Duration after, int most) {}

  private final EventLoop loop;
  private final Observer to;
  private final Road road;
  private final Tries tries;
  private final Attempt.Reading reading;
  private final @Nullable Hedging hedging;

  /** Tries without an answer yet. */
  private final List<Attempt> waiting = new ArrayList<>(2);

  private @Nullable KeptRequest request;
  private Members.@Nullable Candidate first;
  private @Nullable Attempt chosen;
  private @Nullable ScheduledFuture<?> pause;
  private @Nullable ScheduledFuture<?> slow;
  private int hedges;
  private boolean continued;
  private boolean exhausted;
  private boolean beginning;
  private boolean over;

  /**
   * @param grpc whether the request is a gRPC call
   * @param to the exchange
   * @param hedging null for none
   */
  TriedStream(
      EventLoop loop,
      Observer to,
      Road road,
      Tries tries,
      boolean grpc,
      @Nullable Hedging hedging) {
    this.loop = loop;
    this.to = to;
    this.road = road;
    this.tries = tries;
    this.reading = new Attempt.Reading(tries.policy(), grpc);
    this.hedging = hedging;
  }

  /** Begins with an instance, which this ends. */
  void start(Members.Candidate at) {
    first = at;
    to.opened(this);
  }

  /** The tries that were begun. */
  int tries() {
    return tries.begun();
  }

  /** Whether the answer would have led to another try, had there been one left. */
  boolean exhausted() {
    return exhausted;
  }

  /** Whose answer the caller gets; null while none is chosen. */
  Members.@Nullable Candidate chosenAt() {
    return chosen == null ? null : chosen.at();
  }

  /** The answer that was chosen is over; one that broke off has been told as that. */
  void answered(int status) {
    if (chosen != null && !chosen.isLost()) {
      road.answered(chosen.at(), status);
    }
  }

  /** The time of the request is over: whoever has it now has not answered in it. */
  void late(Failure why) {
    for (int i = 0; i < waiting.size(); i++) {
      waiting.get(i).lost(why);
    }
    if (chosen != null) {
      chosen.lost(why);
    }
  }

  // The exchange's side.

  @Override
  public void write(HttpObject part) {
    KeptRequest kept = request;
    if (kept == null && part instanceof HttpRequest head) {
      request = new KeptRequest(head, tries.policy().bodyLimit());
      Members.Candidate at = first;
      if (at != null) {
        beginning = true; // Flushed with what follows.
        begin(at, false);
        beginning = false;
        awaitSlowness();
      }
    } else if (part instanceof HttpContent content) {
      if (over || kept == null) {
        content.release();
      } else {
        content(kept, content);
      }
    }
  }

  private void content(KeptRequest kept, HttpContent part) {
    Attempt only = chosen;
    if (only == null && !kept.repeatable() && !waiting.isEmpty()) {
      only = waiting.getFirst();
    }
    if (only != null && only.isOpen()) {
      only.write(part);
    } else if (!kept.takes(part) && !waiting.isEmpty() && waiting.getFirst().isOpen()) {
      tries.tooLarge(); // The one try that there is has all that came before.
      kept.release();
      waiting.getFirst().write(part);
    } else {
      for (int i = 0; i < waiting.size(); i++) {
        if (waiting.get(i).isOpen()) {
          waiting.get(i).write(KeptRequest.copy(part));
        }
      }
      if (!kept.add(part)) {
        tries.tooLarge();
      }
    }
  }

  @Override
  public void flush() {
    Attempt one = chosen;
    if (one != null) {
      one.flush();
      return;
    }
    for (int i = 0; i < waiting.size(); i++) {
      waiting.get(i).flush();
    }
  }

  @Override
  public boolean writable() {
    Attempt one = chosen;
    if (one != null) {
      return one.writable();
    }
    return !waiting.isEmpty() && waiting.stream().allMatch(Attempt::writable);
  }

  @Override
  public void read() {
    Attempt one = chosen;
    if (one != null) {
      one.read();
      return;
    }
    for (Attempt attempt : List.copyOf(waiting)) {
      attempt.read();
    }
  }

  @Override
  public void cancel() {
    close();
  }

  /** Ends all tries that are not over. */
  void close() {
    over = true;
    if (pause != null) {
      pause.cancel(false);
      pause = null;
      tries.ended(); // The try that was to come has its place in the budget.
    }
    stop(slow);
    if (request != null) {
      request.release();
    } else if (first != null) {
      road.over(first, 0); // Nothing was sent to it.
      first = null;
    }
    List.copyOf(waiting).forEach(Attempt::discard);
    waiting.clear();
    if (chosen != null) {
      chosen.close();
    }
  }

  private static void stop(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  // Tries.

  private void begin(Members.Candidate at, boolean hedge) {
    KeptRequest kept = request;
    if (kept == null) {
      return;
    }
    first = null;
    int number = tries.begin();
    HttpRequest head = kept.head();
    head.headers().set(MeshHeaders.ATTEMPT_COUNT, number);
    Attempt attempt = new Attempt(this, at, number, hedge, head);
    waiting.add(attempt);
    road.open(at, head, attempt);
  }

  EventLoop loop() {
    return loop;
  }

  Road road() {
    return road;
  }

  Observer to() {
    return to;
  }

  Tries state() {
    return tries;
  }

  Attempt.Reading reading() {
    return reading;
  }

  boolean isChosen(Attempt attempt) {
    return chosen == attempt;
  }

  /** A try's stream is open, and has got the head. */
  void opened(Attempt attempt) {
    KeptRequest kept = request;
    if (kept == null) {
      return;
    }
    if (kept.repeatable()) {
      kept.copyTo(attempt::write);
    } else {
      kept.handOver(attempt::write);
    }
    if (!beginning) {
      attempt.flush();
      attempt.read();
      to.streamWritable();
    }
  }

  /** Whether an informational answer is the caller's: 100 once, others of a try that is alone. */
  boolean passes(int status) {
    if (over || chosen != null || waiting.size() > 1) {
      return false;
    }
    boolean isContinue = status == 100;
    boolean passes = !(isContinue && continued);
    continued |= isContinue;
    return passes;
  }

  /**
   * A try is judged.
   *
   * @return whether its answer is the caller's
   */
  boolean judge(Attempt attempt, Ending ending, @Nullable Failure why) {
    if (waiting.size() > 1 && tries.cause(ending) != null) {
      drop(attempt); // Others may do better.
      return false;
    }
    if (waiting.size() > 1 && why != null) {
      drop(attempt);
      return false;
    }
    return switch (tries.after(ending)) {
      case Tries.Next.Take _ -> choose(attempt, why);
      case Tries.Next.GiveUp(Tries.Reason reason) -> {
        road.notRetried(reason);
        exhausted = reason == Tries.Reason.USED_UP && tries.begun() > 1;
        yield choose(attempt, why == null || !exhausted ? why : usedUp(why));
      }
      case Tries.Next.Again(String cause, long nanos) -> {
        road.retried(cause);
        drop(attempt);
        again(nanos);
        yield false;
      }
    };
  }

  /** The last failure, which the caller is told with its own status where that says more. */
  private Failure usedUp(Failure last) {
    Failure.Kind kind =
        last.kind().status() == Failure.Kind.RETRIES_EXHAUSTED.status()
            ? Failure.Kind.RETRIES_EXHAUSTED
            : last.kind();
    return new Failure(kind, "tried " + tries.begun() + " times; at last " + last.sentence());
  }

  private void drop(Attempt attempt) {
    waiting.remove(attempt);
    attempt.discard();
  }

  private boolean choose(Attempt attempt, @Nullable Failure why) {
    waiting.remove(attempt);
    List.copyOf(waiting).forEach(other -> other.overtaken(attempt.nanos()));
    waiting.clear();
    stop(slow);
    if (why != null) {
      attempt.discard();
      fail(why);
      return false;
    }
    chosen = attempt;
    if (request != null) {
      request.release();
    }
    return true;
  }

  /** There is no answer. Nobody but this repeats the request. */
  private void fail(Failure why) {
    over = true;
    if (request != null) {
      request.release();
    }
    to.failed(why, false);
  }

  private void again(long nanos) {
    if (nanos == 0) {
      next();
    } else {
      pause = loop.schedule(this::next, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void next() {
    pause = null;
    Resolution.Next found = road.another(true);
    if (found instanceof Resolution.Next.To(Members.Candidate candidate)) {
      begin(candidate, false);
      awaitSlowness();
    } else {
      tries.ended();
      fail(
          found instanceof Resolution.Next.None(Failure none)
              ? none
              : new Failure(Failure.Kind.NO_HEALTHY_ENDPOINT, "no instance is left to try"));
    }
  }

  // Hedging.

  private void awaitSlowness() {
    stop(slow);
    Hedging when = hedging;
    if (when != null && !over && chosen == null && !waiting.isEmpty()) {
      slow = loop.schedule(this::hedge, when.after().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void hedge() {
    Hedging when = hedging;
    KeptRequest kept = request;
    if (when == null
        || kept == null
        || over
        || chosen != null
        || waiting.isEmpty()
        || hedges >= when.most()) {
      return;
    }
    if (!kept.ended()) {
      awaitSlowness(); // Who sends slowly is not answered fast.
      return;
    }
    if (!tries.hedge()) {
      return;
    }
    if (road.another(false) instanceof Resolution.Next.To(Members.Candidate candidate)) {
      hedges++;
      begin(candidate, true);
      awaitSlowness();
    } else {
      tries.ended();
    }
  }
}
