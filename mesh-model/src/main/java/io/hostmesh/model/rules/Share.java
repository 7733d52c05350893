package io.hostmesh.model.rules;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a whole, in hundredths of a percent.
 *
 * @param basisPoints 0 to 10,000
 */
public record Share(int basisPoints) {
  private static final int WHOLE = 10_000;
  private static final Pattern FORM = Pattern.compile("(\\d{1,3})(?:\\.(\\d{1,2}))?\\s?%");

  public Share {
    if (basisPoints < 0 || basisPoints > WHOLE) {
      throw new IllegalArgumentException(basisPoints + " basis points are not 0% to 100%");
    }
  }

  public static Share percent(int percent) {
    return new Share(percent * 100);
  }

  /**
   * Reads {@code 20%} or {@code 0.25%}.
   *
   * @throws IllegalArgumentException where it is something else
   */
  public static Share parse(String text) {
    Matcher form = FORM.matcher(text);
    int points = WHOLE + 1;
    if (form.matches()) {
      String decimals = form.group(2) == null ? "" : form.group(2);
      points =
          Integer.parseInt(form.group(1)) * 100
              + Integer.parseInt((decimals + "00").substring(0, 2));
    }
    if (points > WHOLE) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a share: write 0% to 100%, with at most two decimals");
    }
    return new Share(points);
  }

  /** This part of a number, rounded down. */
  public int of(int whole) {
    return (int) ((long) whole * basisPoints / WHOLE);
  }

  /** From 0 to 1. */
  public double fraction() {
    return basisPoints / (double) WHOLE;
  }

  @Override
  public String toString() {
    int decimals = basisPoints % 100;
    String whole = String.valueOf(basisPoints / 100);
    if (decimals == 0) {
      return whole + "%";
    }
    return decimals % 10 == 0
        ? whole + "." + decimals / 10 + "%"
        : "%s.%02d%%".formatted(whole, decimals);
  }
}
