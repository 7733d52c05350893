package io.hostmesh.agent.balance;

import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.UpstreamLimits;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * What this agent has under way towards one service, all event loops together, and how much it may
 * have. Each count is one number, not one a loop: a limit is never exceeded, not even for a moment.
 * Any thread; nothing here waits.
 */
public final class Load {
  /** What is counted, and may be limited. */
  public enum Kind {
    CONNECTIONS,
    PENDING,
    REQUESTS,
    RETRIES;

    /** Its key in {@code limits { }}. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    private int of(UpstreamLimits limits) {
      return switch (this) {
        case CONNECTIONS -> limits.connections();
        case PENDING -> limits.pending();
        case REQUESTS -> limits.requests();
        case RETRIES -> limits.retries();
      };
    }
  }

  /** What holds at the moment. */
  public record Bounds(UpstreamLimits limits, RetryBudget budget) {
    public static final Bounds DEFAULT = new Bounds(UpstreamLimits.NONE, RetryBudget.DEFAULT);
  }

  private final ServiceName service;
  private final Supplier<Bounds> bounds;
  private final Map<Kind, Count> counts = new EnumMap<>(Kind.class);

  private static final class Count {
    final AtomicInteger now = new AtomicInteger();
    final LongAdder refused = new LongAdder();
  }

  /**
   * @param bounds asked at each question, since rules change
   */
  public Load(ServiceName service, Supplier<Bounds> bounds) {
    this.service = service;
    this.bounds = bounds;
    for (Kind kind : Kind.values()) {
      counts.put(kind, new Count());
    }
  }

  public ServiceName service() {
    return service;
  }

  /**
   * Takes a place; where that is granted, {@link #ended} is to be called once.
   *
   * @return false where the limit is reached
   */
  public boolean begin(Kind kind) {
    Bounds now = bounds.get();
    int limit = kind.of(now.limits());
    if (kind == Kind.RETRIES) {
      // Those that wait for a connection are among the requests.
      limit = Math.min(limit, now.budget().allows(count(Kind.REQUESTS)));
    }
    return take(of(kind), limit);
  }

  private Count of(Kind kind) {
    return Objects.requireNonNull(counts.get(kind));
  }

  private static boolean take(Count of, int limit) {
    AtomicInteger count = of.now;
    if (limit == UpstreamLimits.UNLIMITED) {
      count.getAndIncrement();
      return true;
    }
    int seen = count.get();
    while (seen < limit) {
      int before = count.compareAndExchange(seen, seen + 1);
      if (before == seen) {
        return true;
      }
      seen = before;
    }
    of.refused.increment();
    return false;
  }

  public void ended(Kind kind) {
    of(kind).now.getAndDecrement();
  }

  /**
   * Takes a place for another try of a request beside or after its first, a hedge too.
   *
   * @return whether the budget has one; then {@link #retryEnded} is to be called when the try is
   *     over
   */
  public boolean tryRetry() {
    return begin(Kind.RETRIES);
  }

  public void retryEnded() {
    ended(Kind.RETRIES);
  }

  /** How many there are now. */
  public int count(Kind kind) {
    return of(kind).now.get();
  }

  /** How often the limit was met since the agent started. */
  public long refusals(Kind kind) {
    return of(kind).refused.sum();
  }

  /** Whether there is no more place now. */
  public boolean isFull(Kind kind) {
    return count(kind) >= kind.of(bounds.get().limits());
  }

  /** Why there is no place. */
  public Failure full(Kind kind) {
    UpstreamLimits limits = bounds.get().limits();
    int limit = kind.of(limits);
    return new Failure(
        Failure.Kind.OVERFLOW,
        limit == UpstreamLimits.UNLIMITED
            ? "this host has as many " + kind.key() + " to " + service + " under way as it may"
            : "this host has "
                + limit
                + " "
                + what(kind)
                + " "
                + service
                + ", the most that limits."
                + kind.key()
                + " of "
                + limits.origin().file()
                + " allows; raise it, or add instances");
  }

  private static String what(Kind kind) {
    return switch (kind) {
      case CONNECTIONS -> "connections open to";
      case PENDING -> "requests waiting for a connection to";
      case REQUESTS -> "requests under way to";
      case RETRIES -> "retries under way to";
    };
  }
}
