package io.hostmesh.agent.tries;

import java.time.Duration;
import java.util.Optional;

/** The header in which a gRPC call says how long it may take (gRPC over HTTP/2, "Requests"). */
public final class GrpcTimeout {
  public static final String HEADER = "grpc-timeout";

  private static final long MOST = 99_999_999;
  private static final String UNITS = "numSMH";
  private static final long[] NANOS = {
    1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000L, 3_600_000_000_000L
  };

  private GrpcTimeout() {}

  /** Reads it; empty where it is not well-formed. */
  public static Optional<Duration> parse(String text) {
    int digits = text.length() - 1;
    if (digits < 1 || digits > 8) {
      return Optional.empty();
    }
    int unit = UNITS.indexOf(text.charAt(digits));
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return Optional.empty();
      }
      value = value * 10 + digit;
    }
    return unit < 0
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(NANOS[unit]).multipliedBy(value));
  }

  /** Writes it, in the finest unit in which it has 8 digits; never 0 for what is more. */
  public static String format(long nanos) {
    for (int unit = 0; unit < NANOS.length; unit++) {
      long value = nanos / NANOS[unit];
      if (value <= MOST) {
        return Math.max(value, nanos > 0 ? 1 : 0) + UNITS.substring(unit, unit + 1);
      }
    }
    return MOST + "H";
  }
}
