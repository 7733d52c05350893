package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Waiting until a started instance is a part of the mesh. */
record Launch(RunningInstance instance, ControlPlane control, List<LabHost> hosts) {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /**
   * Returns once the instance is registered, healthy and known to every agent.
   *
   * @throws UserError where its program ends first, with the last of its output, or the time is
   *     over, with what is missing
   */
  JsonObject await() {
    String[] missing = {"its agent to know it"};
    boolean reached =
        Pause.until(
            LIMIT,
            () -> {
              if (!instance.isAlive()) {
                throw ended();
              }
              missing[0] = missing();
              return missing[0].isEmpty();
            });
    if (!reached) {
      throw new UserError(
          "%s at port %d of %s runs, but after %d s still waits for %s; its last output:%n%s"
              .formatted(
                  instance.spec().service(),
                  instance.spec().port(),
                  instance.spec().host(),
                  LIMIT.toSeconds(),
                  missing[0],
                  LogEnd.of(instance.log())));
    }
    return new JsonObject()
        .put("service", instance.spec().service().toString())
        .put("host", instance.spec().host())
        .put("port", instance.spec().port())
        .put("pid", instance.pid())
        .put("log", instance.log().toString());
  }

  private UserError ended() {
    return new UserError(
        "%s: the program ended with status %s before it was in the mesh; its last output:%n%s"
            .formatted(
                instance.spec().service(),
                instance.status().map(String::valueOf).orElse("unknown"),
                LogEnd.of(instance.log())));
  }

  /** What the instance still waits for; empty where nothing. */
  private String missing() {
    InstanceSpec spec = instance.spec();
    JsonObject status = control.agentStatus(spec.host());
    Optional<JsonObject> own =
        objects(status.getJsonArray("services"))
            .filter(each -> spec.service().full().equals(each.getString("service")))
            .filter(each -> spec.id().equals(each.getString("instance")))
            .findFirst();
    if (own.isEmpty()) {
      return "its agent to know it" + problems(status);
    }
    if (!hasCertificate(status, spec.service())) {
      return "its certificate" + problems(status);
    }
    if (!own.get().getBoolean("healthy")) {
      return "its health: " + own.get().getString("output");
    }
    return hosts.stream()
        .filter(host -> !isKnownTo(host))
        .findFirst()
        .map(host -> "the agent of " + host.name() + " to know it" + problems(status))
        .orElse("");
  }

  private boolean isKnownTo(LabHost other) {
    InstanceSpec spec = instance.spec();
    Optional<JsonObject> service =
        objects(control.agentView(other.name()).getJsonArray("services"))
            .filter(each -> spec.service().full().equals(each.getString("service")))
            .findFirst();
    String address = address(spec);
    return service
        .map(
            found ->
                found.getJsonArray("addresses").contains(address)
                    && objects(found.getJsonArray("endpoints", new JsonArray()))
                        .allMatch(
                            each ->
                                !address.equals(each.getString("application"))
                                    || each.getBoolean("healthy")))
        .orElse(false);
  }

  private String address(InstanceSpec spec) {
    return hosts.stream()
        .filter(host -> host.name().equals(spec.host()))
        .map(host -> host.ipv4() + ":" + spec.port())
        .findFirst()
        .orElseThrow();
  }

  static boolean hasCertificate(JsonObject status, ServiceName service) {
    return objects(status.getJsonArray("certificates"))
        .anyMatch(
            each -> service.full().equals(each.getString("of")) && each.containsKey("notAfter"));
  }

  static String problems(JsonObject status) {
    JsonArray problems = status.getJsonArray("problems", new JsonArray());
    return problems.isEmpty() ? "" : " (" + problems.getString(0) + ")";
  }

  static Stream<JsonObject> objects(JsonArray array) {
    return array.stream().map(JsonObject.class::cast);
  }

  /** Waiting until an agent has a certificate for a service that only calls. */
  record Caller(ServiceName service, String host, ControlPlane control) {
    /**
     * @throws UserError where the time is over
     */
    void await() {
      if (!Pause.until(LIMIT, () -> hasCertificate(control.agentStatus(host), service))) {
        throw new UserError(
            "the agent of %s has no certificate for %s after %d s%s"
                .formatted(host, service, LIMIT.toSeconds(), problems(control.agentStatus(host))));
      }
    }
  }
}
