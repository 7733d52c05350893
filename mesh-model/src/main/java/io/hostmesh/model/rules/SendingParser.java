package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads how the requests of a route's entry are sent. */
final class SendingParser {
  private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);
  private static final Pattern PERCENTILE = Pattern.compile("p([5-9][0-9])");

  private SendingParser() {}

  /**
   * @param service the rule's own
   * @param subsets that it declares
   */
  static Sending sending(Section entry, Action action, ServiceName service, Set<String> subsets) {
    Optional<Duration> timeout =
        RetryParser.within(entry, "timeout", RetryParser.SHORTEST, LONGEST_TIMEOUT);
    Sending sending =
        new Sending(
            timeout,
            entry.optionalSection("retry").map(section -> RetryParser.retry(section, timeout)),
            entry.optionalSection("hedge").map(SendingParser::hedge),
            entry.optionalSection("fault").map(SendingParser::fault),
            entry
                .optionalSection("mirror")
                .map(section -> mirror(section, action, service, subsets)));
    if (!(action instanceof Action.Forward)) {
      for (String key : new String[] {"timeout", "retry", "hedge", "fault", "mirror"}) {
        if (entry.has(key)) {
          throw entry.refuse(key, "has no effect: the entry's requests go nowhere");
        }
      }
    }
    return sending;
  }

  private static FaultPolicy fault(Section section) {
    FaultPolicy policy =
        new FaultPolicy(
            section.optionalSection("delay").map(SendingParser::delay),
            section.optionalSection("abort").map(SendingParser::abort),
            MatchParser.byName(section, "header", true));
    section.end();
    if (policy.delay().isEmpty() && policy.abort().isEmpty()) {
      throw section.refuse("delay", "a fault has delay { time }, abort { status }, or both");
    }
    return policy;
  }

  private static FaultPolicy.Delay delay(Section section) {
    FaultPolicy.Delay delay =
        new FaultPolicy.Delay(
            RetryParser.within(section, "time", RetryParser.SHORTEST, LONGEST_TIMEOUT)
                .orElseThrow(() -> section.refuse("time", "is required, such as 2s")),
            share(section));
    section.end();
    return delay;
  }

  private static FaultPolicy.Abort abort(Section section) {
    OptionalInt status = number(section, "status", 400, 599);
    OptionalInt grpc = number(section, "grpc-status", 1, 16);
    if (status.isEmpty() && grpc.isEmpty()) {
      throw section.refuse("status", "an abort has status, grpc-status, or both");
    }
    FaultPolicy.Abort abort = new FaultPolicy.Abort(status, grpc, share(section));
    section.end();
    return abort;
  }

  private static OptionalInt number(Section section, String key, int min, int max) {
    return section.has(key) ? OptionalInt.of(section.integer(key, min, max)) : OptionalInt.empty();
  }

  private static Share share(Section section) {
    return section.value("percent", Share::parse, Share.percent(100));
  }

  private static MirrorPolicy mirror(
      Section section, Action action, ServiceName service, Set<String> subsets) {
    Optional<ServiceName> other =
        section
            .optionalValue("service", text -> Values.serviceNear(text, service))
            .filter(name -> !name.equals(service));
    Optional<String> subset = section.optionalString("subset");
    RouteParser.refuseAll(section, subset);
    if (subset.isPresent() && other.isEmpty() && !subsets.contains(subset.get())) {
      throw section.refuse(
          "subset",
          "unknown subset \"" + subset.get() + "\"; declared: " + String.join(", ", subsets));
    }
    MirrorPolicy policy = new MirrorPolicy(other, subset, share(section));
    section.end();
    boolean itself =
        action instanceof Action.Forward(List<RouteRule.Target> targets)
            && targets.stream()
                .anyMatch(to -> to.service().equals(other) && to.subset().equals(subset));
    if (itself) {
      throw section.refuse(
          "service",
          "is a mirror to itself: the entry's requests go there already, and each would arrive"
              + " twice; name another service or subset");
    }
    return policy;
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
