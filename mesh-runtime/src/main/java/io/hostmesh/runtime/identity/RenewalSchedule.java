package io.hostmesh.runtime.identity;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * When a certificate is renewed: at half of its life, earlier by a random part of at most a tenth
 * of it, so that hosts that started together do not ask together.
 *
 * @param renewAt always after {@code notBefore} and before {@code notAfter}
 */
public record RenewalSchedule(Instant renewAt, Instant notAfter) {
  private static final int HALF = 2;
  private static final int JITTER_PART = 10;
  private static final int EARLIEST_PART = 10;
  private static final int SPREAD_PART = 20;
  private static final Duration LONGEST_SPREAD = Duration.ofMinutes(5);

  /**
   * @throws IllegalArgumentException where the certificate's life is not longer than a millisecond
   */
  public static RenewalSchedule of(Instant notBefore, Instant notAfter, RandomGenerator random) {
    long life = Duration.between(notBefore, notAfter).toMillis();
    if (life <= 1) {
      throw new IllegalArgumentException("a certificate from " + notBefore + " to " + notAfter);
    }
    long half = life / HALF;
    long jitter = random.nextLong(life / JITTER_PART + 1);
    return new RenewalSchedule(notBefore.plusMillis(Math.max(1, half - jitter)), notAfter);
  }

  /**
   * Earlier, since the authority that issued the certificate is on its way out: within a twentieth
   * of its life and five minutes, never in its first tenth, and not later than it was to be.
   */
  RenewalSchedule early(Instant notBefore, Instant now, RandomGenerator random) {
    Duration life = Duration.between(notBefore, notAfter);
    Instant from = notBefore.plus(life.dividedBy(EARLIEST_PART));
    long spread = Math.min(life.dividedBy(SPREAD_PART).toMillis(), LONGEST_SPREAD.toMillis());
    Instant wish = (now.isAfter(from) ? now : from).plusMillis(random.nextLong(spread + 1));
    return wish.isBefore(renewAt) ? new RenewalSchedule(wish, notAfter) : this;
  }

  /** Now, since the certificate is of no use any more. */
  RenewalSchedule atOnce(Instant now) {
    return now.isBefore(renewAt) ? new RenewalSchedule(now, notAfter) : this;
  }

  public boolean isDue(Instant now) {
    return !now.isBefore(renewAt);
  }

  public boolean isExpired(Instant now) {
    return !now.isBefore(notAfter);
  }

  /** Whether renewal has failed for so long that a person should look: three quarters are over. */
  public boolean isLate(Instant now) {
    Duration rest = Duration.between(renewAt, notAfter).dividedBy(HALF);
    return now.isAfter(notAfter.minus(rest));
  }
}
