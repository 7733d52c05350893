package io.hostmesh.agent.limit;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.LimitRule.Limit;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * This host's part of a limit for the whole mesh: tokens that pilot granted, ahead of time. No
 * request waits for pilot. A host that had no calls holds no tokens, and lets the first ones pass
 * on credit, which the next tokens pay back; so all hosts together let through what pilot granted
 * and the credit of each, once.
 *
 * <p>While nobody grants, it lets its last share of the rate through; a tenth of the rate before it
 * was told any. {@link #take} is for any thread, the rest for one.
 */
public final class LeasedBucket extends Bucket {
  /** Between two asks. */
  public static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** For how many ticks tokens are asked ahead: an answer that is late does no harm. */
  private static final double TICKS_AHEAD = 2.5;

  /** Without a grant for so long, it goes by its share. */
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After pilot did not take back what is not needed here, until it is offered again. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long MOST_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private static final double PER_SECOND = 1e9 / TICK_NANOS;

  /**
   * What is asked of pilot.
   *
   * @param want tokens
   * @param returned tokens that are not needed here; 0 where some are wanted
   * @param demand calls a second lately, those refused included
   */
  public record Ask(long want, long returned, double demand) {}

  private final ServiceName service;
  private final String limit;
  private final long each;
  private final long credit;
  private final AtomicLong tokens = new AtomicLong();
  private final AtomicLong calls = new AtomicLong();

  private double expected;
  private double share;
  private double fraction;
  private long heard;
  private long ticked;
  private boolean begun;
  private long patience;
  private long untakenAt;

  LeasedBucket(ServiceName service, String name, Limit limit) {
    super("");
    this.service = service;
    this.limit = name;
    this.each = limit.rate().nanosEach();
    double perSecond = limit.rate().perSecond();
    this.credit = Math.max(1, Math.min(limit.burst(), (long) Math.ceil(perSecond / 8)));
    this.share = perSecond / 10;
  }

  /** Whose limit it is. */
  public ServiceName service() {
    return service;
  }

  /** {@code limit/<namespace>/<service>#<name>}. */
  public String limit() {
    return limit;
  }

  @Override
  long take(long now) {
    calls.incrementAndGet();
    while (true) {
      long seen = tokens.get();
      if (seen <= -credit) {
        return -each;
      }
      if (tokens.compareAndSet(seen, seen - 1)) {
        return 0;
      }
    }
  }

  @Override
  void giveBack() {
    tokens.incrementAndGet();
  }

  @Override
  long remaining(long taken) {
    return taken < 0 ? 0 : Math.max(0, tokens.get() + credit);
  }

  @Override
  boolean retire(long now) {
    return false;
  }

  /**
   * What to ask pilot for, once a tick; empty where nothing is to be said. Goes by its share where
   * nobody has granted for long.
   *
   * @param free whether pilot can be asked now; false while it owes an answer
   */
  public Optional<Ask> tick(long now, boolean free) {
    if (!begun) {
      begun = true;
      heard = now;
      ticked = now;
    }
    double lately = calls.getAndSet(0);
    expected = Math.max(lately, (expected + lately) / 2);
    if (expected < 0.01) {
      expected = 0;
    }
    long held = tokens.get();
    long need = (long) Math.ceil(expected * TICKS_AHEAD);
    boolean asks = held < need;
    if (asks && now - heard > SILENCE_NANOS) {
      alone(now);
    } else if (!asks) {
      heard = now; // Nothing was asked: silence is no sign.
    }
    ticked = now;
    if (!free) {
      return Optional.empty();
    }
    double demand = expected * PER_SECOND;
    if (asks) {
      return Optional.of(new Ask(need - held, 0, demand));
    }
    long surplus = held - 2 * need;
    return surplus > 0
            && (patience == 0 || now - untakenAt >= patience)
            && tokens.compareAndSet(held, held - surplus)
        ? Optional.of(new Ask(0, surplus, demand))
        : Optional.empty();
  }

  /** What pilot granted. */
  public void granted(long more, double perSecond, long now) {
    tokens.addAndGet(more);
    share = perSecond;
    heard = now;
    fraction = 0;
    patience = 0;
  }

  /**
   * Pilot surely took nothing of what was asked: what was to go back is here as before, and is
   * offered again after a while, which doubles each time.
   */
  public void untaken(Ask ask, long now) {
    if (ask.returned() > 0) {
      tokens.addAndGet(ask.returned());
      patience = Math.clamp(2 * patience, PATIENCE_NANOS, MOST_PATIENCE_NANOS);
      untakenAt = now;
    }
  }

  /** Tokens of its own share, no more than a second's at once. */
  private void alone(long now) {
    fraction += share * (now - ticked) / TimeUnit.SECONDS.toNanos(1);
    long whole = (long) fraction;
    fraction -= whole;
    long most = Math.max(1, (long) share);
    long seen = tokens.get();
    long more = Math.min(whole, most - seen);
    if (more > 0) {
      tokens.addAndGet(more);
    }
  }
}
