package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads how the requests of a route's entry are sent. */
final class SendingParser {
  private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);
  private static final Pattern PERCENTILE = Pattern.compile("p([5-9][0-9])");

  private SendingParser() {}

  static Sending sending(Section entry, Action action) {
    Optional<Duration> timeout =
        RetryParser.within(entry, "timeout", RetryParser.SHORTEST, LONGEST_TIMEOUT);
    Sending sending =
        new Sending(
            timeout,
            entry.optionalSection("retry").map(section -> RetryParser.retry(section, timeout)),
            entry.optionalSection("hedge").map(SendingParser::hedge));
    if (!(action instanceof Action.Forward)) {
      for (String key : new String[] {"timeout", "retry", "hedge"}) {
        if (entry.has(key)) {
          throw entry.refuse(key, "has no effect: the entry's requests go nowhere");
        }
      }
    }
    return sending;
  }

  private static HedgePolicy hedge(Section section) {
    Optional<Duration> after =
        RetryParser.within(section, "after", RetryParser.SHORTEST, Duration.ofMinutes(1));
    Optional<Integer> percentile = section.optionalValue("percentile", SendingParser::percentile);
    if (after.isPresent() == percentile.isPresent()) {
      throw section.refuse(
          after.isPresent() ? "percentile" : "after",
          "a hedge has one of after (such as 50ms) and percentile (such as p95)");
    }
    HedgePolicy policy =
        new HedgePolicy(
            after
                .<HedgePolicy.Slowness>map(HedgePolicy.Slowness.After::new)
                .orElseGet(() -> new HedgePolicy.Slowness.Percentile(percentile.orElseThrow())),
            section.integer("most", 1, HedgePolicy.MOST, 1));
    section.end();
    return policy;
  }

  private static int percentile(String text) {
    Matcher form = PERCENTILE.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("\"" + text + "\" is not a percentile: write p50 to p99");
    }
    return Integer.parseInt(form.group(1));
  }
}
