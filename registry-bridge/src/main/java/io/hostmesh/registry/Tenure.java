package io.hostmesh.registry;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Whether a candidate leads, and until when that is sure: it ends by the clock alone, though nobody
 * looks, for a candidate that was held up cannot tell that it was. One thread writes; any asks.
 */
final class Tenure {
  private final LongSupplier nanoTime;
  private final long sureForNanos;
  private volatile long sureUntil;

  /** Counts elections that were won; its negative while none holds. */
  private volatile long term;

  /**
   * @param sureFor how long nobody else can be elected after a session was renewed
   */
  Tenure(LongSupplier nanoTime, Duration sureFor) {
    this.nanoTime = nanoTime;
    this.sureForNanos = sureFor.toNanos();
  }

  long now() {
    return nanoTime.getAsLong();
  }

  /**
   * The session was renewed, or made.
   *
   * @param asked before that was asked for: what comes after may have taken any time
   */
  void renewed(long asked) {
    sureUntil = asked + sureForNanos;
  }

  /** Each time is a term of its own, before and after which others may have led. */
  void elected() {
    term = Math.abs(term) + 1;
  }

  void ended() {
    term = -Math.abs(term);
  }

  /** Whether it was elected, sure or not. */
  boolean holds() {
    return term > 0;
  }

  /** How long it is still sure; 0 or less where it is not. */
  Duration rest() {
    return Duration.ofNanos(sureUntil - nanoTime.getAsLong());
  }

  /**
   * @return above 0 and another one for each election that was won; 0 while it does not lead
   */
  long term() {
    long now = term;
    boolean sure = rest().isPositive();
    // The term again: what is sure may be the next one's session by now.
    return now > 0 && sure && term == now ? now : 0;
  }
}
