package io.hostmesh.agent.local;

import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One health check of an instance.
 *
 * @param interval from one result to the next question while the instance is well; while it is not,
 *     at most {@link #IMPATIENT}
 * @param timeout how long an answer may take
 * @param healthyAfter good results in a row that make it well
 * @param unhealthyAfter bad results in a row that make it ill
 */
public record HealthCheck(
    CheckKind kind, Duration interval, Duration timeout, int healthyAfter, int unhealthyAfter) {

  /** How soon an ill instance is asked again, so that it is back at once. */
  static final Duration IMPATIENT = Duration.ofMillis(500);

  private static final Duration SHORTEST = Duration.ofMillis(100);

  /** What an instance without declared checks gets: whether its port accepts connections. */
  public static final HealthCheck DEFAULT =
      new HealthCheck(new CheckKind.Tcp(), Duration.ofSeconds(1), Duration.ofSeconds(1), 1, 2);

  /**
   * Reads an item of {@code service.checks}.
   *
   * @throws io.hostmesh.model.hocon.HoconException where it is not exactly one kind of check
   */
  static HealthCheck read(Section section) {
    Duration interval = section.duration("interval", DEFAULT.interval());
    if (interval.compareTo(SHORTEST) < 0) {
      throw section.refuse("interval", "is shorter than 100ms");
    }
    Duration timeout = section.duration("timeout", DEFAULT.timeout());
    if (timeout.isZero()) {
      throw section.refuse("timeout", "is 0; a check needs some time");
    }
    return new HealthCheck(
        kind(section),
        interval,
        timeout,
        section.integer("healthy-after", 1, 100, DEFAULT.healthyAfter()),
        section.integer("unhealthy-after", 1, 100, DEFAULT.unhealthyAfter()));
  }

  private static CheckKind kind(Section section) {
    List<CheckKind> kinds = new ArrayList<>();
    section.optionalValue("http", CheckKind.Http::new).ifPresent(kinds::add);
    if (section.bool("tcp", false)) {
      kinds.add(new CheckKind.Tcp());
    }
    section.optionalValue("grpc", CheckKind.Grpc::new).ifPresent(kinds::add);
    if (section.has("command")) {
      List<String> command = section.strings("command");
      if (command.isEmpty()) {
        throw section.refuse("command", "is empty");
      }
      kinds.add(new CheckKind.Command(command));
    }
    if (kinds.size() != 1) {
      throw new io.hostmesh.model.hocon.HoconException(
          section.origin(),
          "a check is one of http = \"/path\", tcp = true, grpc = \"service\" and command = [ ... ]; this is "
              + (kinds.isEmpty() ? "none" : "several"));
    }
    return kinds.getFirst();
  }

  Duration pause(boolean well) {
    return well || interval.compareTo(IMPATIENT) < 0 ? interval : IMPATIENT;
  }
}
