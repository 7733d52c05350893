package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh status}. */
@Command(
    name = "status",
    description =
        "Show every agent: whether it is connected, its configuration, its certificates, its"
            + " instances, what is wrong.",
    footer = {"", "Example:", "  hostmesh status", "  hostmesh status --json"})
final class StatusCommand implements Callable<Integer> {
  @Option(names = "--json", description = "for programs")
  private boolean json;

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    JsonObject agents = mesh.pilot().get("/v1/agents", Limits.QUESTION);
    JsonObject pilot = mesh.pilot().get("/v1/status", Limits.QUESTION);
    if (json) {
      System.out.println(
          new JsonObject()
              .put("pilot", pilot)
              .put("citadel", citadel())
              .put("snapshot", agents.getValue("snapshot"))
              .put("agents", agents.getJsonArray("agents"))
              .encodePrettily());
      return 0;
    }
    System.out.printf(
        "pilot: %s, configuration %s%n",
        readiness(pilot), agents.getString("snapshot", "none yet"));
    JsonObject citadel = citadel();
    System.out.println("citadel: " + readiness(citadel));
    alarms(citadel).forEach(line -> System.out.println("  " + line));
    federation(citadel).forEach(line -> System.out.println("  " + line));
    problems(pilot.getValue("problems")).forEach(line -> System.out.println("  " + line));
    agents(agents.getJsonArray("agents"), String.valueOf(agents.getValue("snapshot")));
    return 0;
  }

  /** Citadel may be on another machine than pilot, or down: agents go on meanwhile. */
  private JsonObject citadel() {
    try {
      return mesh.citadel().get("/v1/status", Limits.QUESTION);
    } catch (UserError e) {
      return new JsonObject().put("problem", e.getMessage());
    }
  }

  /** Who tried to join as only a thief would, in the last week. */
  static List<String> alarms(JsonObject citadel) {
    return objects(citadel, "alarms")
        .map(
            alarm ->
                "alarm: %s (%d times, last at %s)"
                    .formatted(
                        alarm.getString("text"), alarm.getLong("count"), alarm.getString("last")))
        .toList();
  }

  /** Trust domains whose bundles cannot be had. */
  static List<String> federation(JsonObject citadel) {
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, Object> domain : citadel.getJsonObject("federation", new JsonObject())) {
      JsonObject state = (JsonObject) domain.getValue();
      if (state.containsKey("problem")) {
        lines.add(
            "federation with %s at %s: %s; %s"
                .formatted(
                    domain.getKey(),
                    state.getString("endpoint"),
                    state.getString("problem"),
                    state.containsKey("bundle")
                        ? "its last good bundle holds (number " + state.getLong("bundle") + ")"
                        : "nobody of it is believed yet"));
      }
    }
    return lines;
  }

  private static String readiness(JsonObject status) {
    if (status.containsKey("problem")) {
      return status.getString("problem");
    }
    return status.getBoolean("ready", true) ? "ready" : "not ready";
  }

  /** A list of lines, or lines by the part that they are about. */
  private static List<String> problems(@org.jspecify.annotations.Nullable Object problems) {
    return switch (problems) {
      case JsonArray lines -> lines.stream().map(String::valueOf).toList();
      case JsonObject parts ->
          parts.stream().map(part -> part.getKey() + ": " + part.getValue()).toList();
      case null, default -> List.of();
    };
  }

  private static void agents(JsonArray agents, String snapshot) {
    Table table =
        new Table("NODE", "CONNECTED", "CONFIGURATION", "READY", "CERTIFICATES", "INSTANCES");
    List<String> details = new ArrayList<>();
    objects(agents)
        .forEach(
            agent -> {
              String node = agent.getString("node");
              List<JsonObject> certificates = objects(agent, "certificates").toList();
              List<JsonObject> instances = objects(agent, "instances").toList();
              table.row(
                  node,
                  agent.getBoolean("connected") ? "yes" : "no",
                  configuration(agent, snapshot),
                  ready(agent),
                  certificates.size() + earliest(certificates),
                  healthy(instances));
              details.addAll(details(node, agent, certificates, instances));
            });
    System.out.println();
    table.print();
    details.forEach(System.out::println);
  }

  /** What an agent that is gone said last is no news. */
  private static String ready(JsonObject agent) {
    if (!agent.getBoolean("connected")) {
      return "-";
    }
    return agent.getBoolean("ready", false) ? "yes" : "no";
  }

  private static String configuration(JsonObject agent, String snapshot) {
    if (!agent.getBoolean("connected")) {
      return "-";
    }
    String held = String.valueOf(agent.getValue("snapshot"));
    return agent.getBoolean("synced", false)
        ? (held.equals("null") ? snapshot : held) + " synced"
        : held + " behind";
  }

  private static String earliest(List<JsonObject> certificates) {
    return certificates.stream()
        .map(certificate -> Instant.parse(certificate.getString("not-after")))
        .min(Instant::compareTo)
        .map(end -> ", first ends in " + remaining(end))
        .orElse("");
  }

  static String remaining(Instant end) {
    Duration left = Duration.between(Instant.now(), end);
    if (left.isNegative()) {
      return "the past";
    }
    return left.toHours() >= 48
        ? left.toDays() + " days"
        : left.toMinutes() >= 120 ? left.toHours() + " h" : left.toMinutes() + " min";
  }

  private static String healthy(List<JsonObject> instances) {
    long well = instances.stream().filter(each -> each.getBoolean("healthy")).count();
    return well + " of " + instances.size() + " healthy";
  }

  private static List<String> details(
      String node, JsonObject agent, List<JsonObject> certificates, List<JsonObject> instances) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(node + (agent.containsKey("version") ? " (" + agent.getString("version") + ")" : ""));
    certificates.forEach(
        each ->
            lines.add(
                "  certificate %s until %s"
                    .formatted(each.getString("id"), each.getString("not-after"))));
    instances.forEach(
        each ->
            lines.add(
                "  instance %s %s port %d %s"
                    .formatted(
                        each.getString("service"),
                        each.getString("instance"),
                        each.getInteger("port"),
                        each.getBoolean("healthy")
                            ? "healthy"
                            : "not healthy: " + each.getString("output"))));
    objects(agent, "plaintext")
        .forEach(
            each ->
                lines.add(
                    "  plaintext from %s to %s: %d calls, last at %s"
                        .formatted(
                            each.getString("caller"),
                            each.getString("service"),
                            each.getLong("calls"),
                            each.getString("last"))));
    objects(agent, "calls")
        .forEach(
            each ->
                lines.add(
                    "  calls to %s: %s"
                        .formatted(each.getString("service"), each.getString("text"))));
    String problems =
        problems(agent.getValue("problems")).stream()
            .map(problem -> "  problem: " + problem)
            .collect(Collectors.joining("\n"));
    if (!problems.isEmpty()) {
      lines.add(problems);
    }
    return lines;
  }

  private static Stream<JsonObject> objects(JsonObject json, String key) {
    return objects(json.getJsonArray(key, new JsonArray()));
  }

  private static Stream<JsonObject> objects(JsonArray array) {
    return array.stream().map(JsonObject.class::cast);
  }
}
