package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * So many in a period.
 *
 * @param count 1 or more, at most {@value #MOST_A_SECOND} a second
 * @param period a second, a minute, an hour or a day
 */
public record Rate(long count, Duration period) {
  /** Tokens are counted by the nanoseconds that each takes to come back: fewer would be inexact. */
  public static final long MOST_A_SECOND = 1_000_000;

  private static final Pattern TEXT = Pattern.compile("([0-9]{1,11})/([smhd])");

  /**
   * @throws IllegalArgumentException where the count is out of its range
   */
  public Rate {
    long most = MOST_A_SECOND * period.toSeconds();
    if (count < 1 || count > most) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d/%s is not within 1/%s to %d/%s",
              count,
              unit(period),
              unit(period),
              most,
              unit(period)));
    }
  }

  /**
   * Reads {@code 100/s}, {@code 5000/m}, {@code 10/h} or {@code 1000/d}.
   *
   * @throws IllegalArgumentException where it is something else, or out of range
   */
  public static Rate parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a rate: write for instance 100/s, 5000/m, 10/h or 1000/d");
    }
    return new Rate(
        Long.parseLong(parts.group(1)),
        switch (parts.group(2)) {
          case "s" -> Duration.ofSeconds(1);
          case "m" -> Duration.ofMinutes(1);
          case "h" -> Duration.ofHours(1);
          default -> Duration.ofDays(1);
        });
  }

  /** How long one takes to come back, in nanoseconds; rounded up, so that never more come. */
  public long nanosEach() {
    return Math.ceilDiv(period.toNanos(), count);
  }

  /** How many there are in a second. */
  public double perSecond() {
    return (double) count / period.toSeconds();
  }

  private static String unit(Duration period) {
    return switch ((int) period.toSeconds()) {
      case 1 -> "s";
      case 60 -> "m";
      case 3600 -> "h";
      case 86_400 -> "d";
      default -> period.toSeconds() + "s";
    };
  }

  /** As it is written: {@code 100/s}. */
  @Override
  public String toString() {
    return count + "/" + unit(period);
  }
}
