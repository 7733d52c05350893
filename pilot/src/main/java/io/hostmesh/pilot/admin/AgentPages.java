package io.hostmesh.pilot.admin;

import io.hostmesh.api.v1.PlaintextCaller;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.discovery.AdsSession;
import io.hostmesh.pilot.discovery.AgentBook;
import io.hostmesh.pilot.discovery.StreamState;
import io.hostmesh.pilot.snapshot.Published;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** How the agents are, for people and for {@code hostmesh status}. */
final class AgentPages {
  private final AgentBook book;

  AgentPages(AgentBook book) {
    this.book = book;
  }

  /** Every agent that is connected, has reported lately, or is entitled to something. */
  JsonObject agents(Optional<Published> published) {
    SortedMap<String, Optional<AgentBook.Agent>> all = new TreeMap<>();
    published.ifPresent(
        it -> it.entitlements().byNode().keySet().forEach(n -> all.put(n, Optional.empty())));
    book.agents().forEach((node, agent) -> all.put(node, Optional.of(agent)));
    JsonArray agents = new JsonArray();
    all.forEach((node, agent) -> agents.add(agent(node, agent)));
    JsonObject answer = new JsonObject().put("agents", agents);
    published.ifPresent(it -> answer.put("snapshot", it.snapshot().version()));
    return answer;
  }

  private static JsonObject agent(String node, Optional<AgentBook.Agent> agent) {
    JsonObject json = new JsonObject().put("node", node);
    Optional<StreamState> stream = agent.flatMap(it -> it.streams().stream().findFirst());
    json.put("connected", stream.isPresent());
    stream.ifPresent(state -> stream(json, state));
    agent.flatMap(AgentBook.Agent::reported).ifPresent(reported -> report(json, reported));
    return json;
  }

  private static void stream(JsonObject json, StreamState state) {
    json.put("address", state.peer())
        .put("since", state.since().toString())
        .put("version", state.version())
        .put("features", array(state.features()))
        .put("snapshot", state.snapshot())
        .put("synced", state.synced())
        .put("certificate-not-after", state.certificateNotAfter().toString())
        .put("unknown-kinds", array(state.unknownKinds()));
    if (!state.waitingSince().equals(Instant.MAX)) {
      json.put("waiting-since", state.waitingSince().toString());
    }
    JsonArray kinds = new JsonArray();
    state.kinds().forEach(kind -> kinds.add(kind(kind)));
    json.put("kinds", kinds);
  }

  private static JsonObject kind(AdsSession.KindState kind) {
    JsonObject json =
        new JsonObject()
            .put("kind", kind.type().name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'))
            .put("all", kind.wildcard())
            .put("names", kind.names())
            .put("synced", kind.synced())
            .put("refused", array(kind.refused()));
    AdsSession.Acknowledged acknowledged = kind.acknowledged();
    if (acknowledged != null) {
      json.put("acknowledged", acknowledged.snapshot());
      acknowledged.refusal().ifPresent(reason -> json.put("refusal", reason));
    }
    return json;
  }

  private static void report(JsonObject json, AgentBook.Reported reported) {
    StatusReport report = reported.report();
    JsonArray certificates = new JsonArray();
    report
        .getCertificatesList()
        .forEach(
            certificate ->
                certificates.add(
                    new JsonObject()
                        .put("id", certificate.getSpiffeId())
                        .put("serial", certificate.getSerial())
                        .put(
                            "not-after",
                            Instant.ofEpochSecond(certificate.getNotAfterEpochSecond())
                                .toString())));
    JsonArray instances = new JsonArray();
    report
        .getInstancesList()
        .forEach(
            instance ->
                instances.add(
                    new JsonObject()
                        .put("service", name(instance.getNamespace(), instance.getService()))
                        .put("instance", instance.getInstance())
                        .put("port", instance.getPort())
                        .put("healthy", instance.getHealthy())
                        .put("output", instance.getOutput())));
    json.put("reported-at", reported.at().toString())
        .put("version", report.getVersion())
        .put("generation", report.getGeneration())
        .put("ready", report.getReady())
        .put("certificates", certificates)
        .put("instances", instances)
        .put("plaintext", plaintext(report))
        .put("calls", calls(report))
        .put("problems", array(report.getProblemsList()));
  }

  /** As people write it; an agent's word is shown even where it is no name. */
  private static String name(String namespace, String service) {
    return namespace.isEmpty() || namespace.equals(ServiceName.DEFAULT_NAMESPACE)
        ? service
        : namespace + "/" + service;
  }

  static JsonArray array(Collection<String> items) {
    JsonArray array = new JsonArray();
    items.forEach(array::add);
    return array;
  }

  /** What the agent has to say of services that it calls. */
  private static JsonArray calls(StatusReport report) {
    JsonArray calls = new JsonArray();
    report
        .getProtectedList()
        .forEach(
            each ->
                calls.add(
                    new JsonObject()
                        .put("service", name(each.getNamespace(), each.getService()))
                        .put("text", each.getText())));
    return calls;
  }

  /** Who calls the agent's services without an identity. */
  private static JsonArray plaintext(StatusReport report) {
    JsonArray callers = new JsonArray();
    for (PlaintextCaller caller : report.getPlaintextList()) {
      callers.add(
          new JsonObject()
              .put(
                  "service", new ServiceName(caller.getNamespace(), caller.getService()).toString())
              .put("caller", caller.getCaller())
              .put("calls", caller.getCalls())
              .put("last", Instant.ofEpochSecond(caller.getLastEpochSecond()).toString()));
    }
    return callers;
  }
}
