package io.hostmesh.agent.life;

import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.MeshDiscovery;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.discovery.PilotStatus;
import io.hostmesh.agent.identity.LocalIdentities;
import io.hostmesh.agent.inbound.PlaintextCallers;
import io.hostmesh.agent.local.Health;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.local.ServiceDefinition;
import io.hostmesh.agent.outbound.Protected;
import io.hostmesh.api.v1.Certificate;
import io.hostmesh.api.v1.LocalInstance;
import io.hostmesh.api.v1.PlaintextCaller;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.model.Locality;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.runtime.identity.IdentityStatus;
import io.hostmesh.runtime.metrics.Readiness;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How the agent is doing, in one place for all who ask: pilot, operators and readiness. Any thread.
 */
record AgentStatus(
    String node,
    Locality locality,
    String version,
    long generation,
    Readiness readiness,
    LocalIdentities identities,
    MeshDiscovery discovery,
    LocalInstances instances,
    HostFacts facts,
    Supplier<List<String>> endUsers,
    Supplier<JsonObject> capture,
    Supplier<List<PlaintextCallers.Seen>> plaintext,
    Supplier<List<Protected>> calls) {

  /** What is wrong at the moment, one line each. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    readiness.problems().forEach((part, problem) -> problems.add(part + ": " + problem));
    problems.addAll(instances.definitions().problems());
    problems.addAll(facts.alarms());
    problems.addAll(instances.troubles());
    identities
        .status()
        .forEach(
            (service, status) ->
                status
                    .problem()
                    .ifPresent(why -> problems.add("certificate of " + service + ": " + why)));
    identities
        .node()
        .status()
        .problem()
        .ifPresent(why -> problems.add("certificate of this node: " + why));
    problems.addAll(endUsers.get());
    problems.addAll(discovery.status().problems());
    unplaced().ifPresent(problems::add);
    return problems.stream().distinct().toList();
  }

  /** A rule asks where this host stands, and nobody has said it. */
  private Optional<String> unplaced() {
    if (locality.isKnown()) {
      return Optional.empty();
    }
    MeshView view = discovery.view();
    return view.directory().stream()
        .map(DirectoryEntry::service)
        .filter(
            service ->
                view.upstream(service).locality().filter(LocalityPolicy::asksForPlaces).isPresent())
        .min(Comparator.naturalOrder())
        .map(
            service ->
                "a rule prefers near instances of "
                    + service
                    + ", and nobody says where this host stands: to it all are equally near; set"
                    + " node.region (and node.zone) in agent.conf");
  }

  /** For pilot. */
  StatusReport report() {
    StatusReport.Builder report =
        StatusReport.newBuilder()
            .setNode(node)
            .setVersion(version)
            .setGeneration(generation)
            .setReady(readiness.problems().isEmpty())
            .addAllProblems(problems());
    certificate(identities.node().status()).ifPresent(report::addCertificates);
    identities.status().values().stream()
        .map(AgentStatus::certificate)
        .flatMap(Optional::stream)
        .forEach(report::addCertificates);
    for (ServiceDefinition definition : instances.definitions().services()) {
      definition
          .listener()
          .ifPresent(
              instance -> {
                Health health = instances.health(instance);
                report.addInstances(
                    LocalInstance.newBuilder()
                        .setNamespace(definition.name().namespace())
                        .setService(definition.name().name())
                        .setInstance(instance.instance())
                        .setPort(instance.port())
                        .setHealthy(health.well())
                        .setOutput(health.output()));
              });
    }
    for (PlaintextCallers.Seen seen : plaintext.get()) {
      report.addPlaintext(
          PlaintextCaller.newBuilder()
              .setNamespace(seen.service().namespace())
              .setService(seen.service().name())
              .setCaller(seen.caller())
              .setCalls(seen.calls())
              .setLastEpochSecond(seen.last().getEpochSecond()));
    }
    for (Protected each : calls.get()) {
      report.addProtected(
          io.hostmesh.api.v1.Protected.newBuilder()
              .setNamespace(each.service().namespace())
              .setService(each.service().name())
              .setText(each.text()));
    }
    return report.build();
  }

  private static Optional<Certificate> certificate(IdentityStatus status) {
    return status
        .id()
        .map(
            id ->
                Certificate.newBuilder()
                    .setSpiffeId(id)
                    .setSerial(status.serial().orElse(""))
                    .setNotAfterEpochSecond(
                        status.notAfter().map(Instant::getEpochSecond).orElse(0L))
                    .build());
  }

  /** For operators. */
  JsonObject json() {
    Map<String, String> missing = readiness.problems();
    JsonObject parts = new JsonObject();
    missing.forEach(parts::put);
    return new JsonObject()
        .put("node", node)
        .put("locality", locality.toString())
        .put("version", version)
        .put("generation", generation)
        .put("pid", ProcessHandle.current().pid())
        .put("ready", missing.isEmpty())
        .put("missing", parts)
        .put("pilot", pilot(discovery.status()))
        .put("certificates", certificates())
        .put("services", services())
        .put("capture", capture.get())
        .put("calls", called())
        .put("problems", new JsonArray(problems()));
  }

  private static JsonObject pilot(PilotStatus status) {
    JsonObject resources = new JsonObject();
    status
        .resources()
        .forEach(
            (type, count) -> resources.put(type.name().toLowerCase(java.util.Locale.ROOT), count));
    JsonObject json =
        new JsonObject()
            .put("connected", status.connected())
            .put("address", status.pilot())
            .put("since", status.since().toString())
            .put("version", status.version())
            .put("resources", resources);
    status.failure().ifPresent(failure -> json.put("problem", failure));
    return json;
  }

  private JsonArray certificates() {
    JsonArray all = new JsonArray().add(certificate("node", identities.node().status()));
    identities.status().forEach((service, status) -> all.add(certificate(service.full(), status)));
    return all;
  }

  private static JsonObject certificate(String of, IdentityStatus status) {
    JsonObject json = new JsonObject().put("of", of);
    status.id().ifPresent(id -> json.put("id", id));
    status.serial().ifPresent(serial -> json.put("serial", serial));
    status.notAfter().ifPresent(end -> json.put("notAfter", end.toString()));
    status.renewAt().ifPresent(at -> json.put("renewAt", at.toString()));
    status.problem().ifPresent(problem -> json.put("problem", problem));
    return json.put("late", status.late());
  }

  /** What is to be said of services that this host calls. */
  private JsonArray called() {
    JsonArray all = new JsonArray();
    calls
        .get()
        .forEach(
            each ->
                all.add(
                    new JsonObject()
                        .put("service", each.service().toString())
                        .put("text", each.text())));
    return all;
  }

  /** The services of this host, with their health. */
  JsonArray services() {
    JsonArray all = new JsonArray();
    for (ServiceDefinition definition : instances.definitions().services()) {
      JsonObject json =
          new JsonObject()
              .put("service", definition.name().full())
              .put("file", definition.origin().file())
              .put("workload", definition.workload().toString())
              .put(
                  "upstreams",
                  new JsonArray(definition.upstreams().stream().map(u -> u.full()).toList()));
      definition
          .listener()
          .ifPresent(
              instance -> {
                Health health = instances.health(instance);
                JsonObject meta = new JsonObject();
                instance.meta().forEach(meta::put);
                json.put("instance", instance.instance())
                    .put("address", instance.application().getAddress().getHostAddress())
                    .put("port", instance.port())
                    .put("protocol", instance.protocol().text())
                    .put("meta", meta)
                    .put("healthy", health.well())
                    .put("output", health.output());
                instance.adopt().ifPresent(id -> json.put("adopt", id));
              });
      all.add(json);
    }
    return all;
  }
}
