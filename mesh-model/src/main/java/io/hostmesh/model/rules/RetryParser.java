package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Reads how requests are tried again: {@code retry { }} and {@code hedge { }} of a route's entry.
 */
final class RetryParser {
  static final Duration SHORTEST = Duration.ofMillis(1);
  static final Duration LONGEST = Duration.ofHours(1);
  private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);
  private static final long MAX_BODY = 16L << 20;

  private RetryParser() {}

  /**
   * @param timeout of the whole request
   */
  static RetryPolicy retry(Section section, Optional<Duration> timeout) {
    Optional<Duration> perTry = within(section, "per-try-timeout", SHORTEST, LONGEST);
    if (perTry.isPresent() && timeout.isPresent() && perTry.get().compareTo(timeout.get()) > 0) {
      throw section.refuse(
          "per-try-timeout",
          "is longer than the timeout of the whole request ("
              + timeout.get().toMillis()
              + "ms), so that it would never hold");
    }
    RetryPolicy policy =
        new RetryPolicy(
            section.integer("attempts", 1, RetryPolicy.MAX_ATTEMPTS, RetryPolicy.DEFAULT_ATTEMPTS),
            perTry,
            conditions(section),
            headers(section),
            Set.copyOf(new HashSet<>(Values.of(section, "methods", RetryParser::method))),
            section
                .optionalSection("backoff")
                .map(RetryParser::backoff)
                .orElse(RetryPolicy.Backoff.DEFAULT),
            bodyLimit(section));
    section.end();
    return policy;
  }

  private static RetryConditions conditions(Section section) {
    List<String> texts = section.strings("on");
    if (!section.has("on")) {
      return RetryConditions.DEFAULT;
    }
    if (texts.isEmpty()) {
      throw section.refuse("on", "an empty list would never retry; use attempts = 1 for that");
    }
    try {
      return RetryConditions.parse(texts);
    } catch (IllegalArgumentException e) {
      throw new HoconException(section.origin("on"), String.valueOf(e.getMessage()), e);
    }
  }

  private static Set<String> headers(Section section) {
    return Set.copyOf(
        new HashSet<>(
            Values.of(
                section,
                "headers",
                text -> {
                  if (!Values.isHeaderName(text)) {
                    throw new IllegalArgumentException("\"" + text + "\" is not a header name");
                  }
                  return text.toLowerCase(Locale.ROOT);
                })));
  }

  private static String method(String text) {
    return text.equals(RetryPolicy.ANY_METHOD) ? text : Values.method(text);
  }

  private static RetryPolicy.Backoff backoff(Section section) {
    Duration base =
        within(section, "base", SHORTEST, LONGEST_BACKOFF)
            .orElse(RetryPolicy.Backoff.DEFAULT.base());
    Duration tenfold = base.multipliedBy(10);
    Duration max =
        within(section, "max", SHORTEST, LONGEST_BACKOFF.multipliedBy(10)).orElse(tenfold);
    if (max.compareTo(base) < 0) {
      throw section.refuse("max", "is shorter than base, " + base.toMillis() + "ms");
    }
    section.end();
    return new RetryPolicy.Backoff(base, max);
  }

  private static int bodyLimit(Section section) {
    long limit = section.bytes("body-limit", RetryPolicy.DEFAULT_BODY_LIMIT);
    if (limit < 0 || limit > MAX_BODY) {
      throw section.refuse("body-limit", limit + " bytes are not within 0 to 16MiB");
    }
    return (int) limit;
  }

  /** A duration within bounds, both included. */
  static Optional<Duration> within(Section section, String key, Duration min, Duration max) {
    Optional<Duration> duration = section.optionalDuration(key);
    duration
        .filter(d -> d.compareTo(min) < 0 || d.compareTo(max) > 0)
        .ifPresent(
            d -> {
              throw section.refuse(
                  key, d.toMillis() + "ms is not within " + text(min) + " to " + text(max));
            });
    return duration;
  }

  private static String text(Duration duration) {
    return duration.toMinutes() > 0 ? duration.toMinutes() + "m" : duration.toMillis() + "ms";
  }
}
