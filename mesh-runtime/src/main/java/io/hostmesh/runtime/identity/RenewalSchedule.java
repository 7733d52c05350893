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
