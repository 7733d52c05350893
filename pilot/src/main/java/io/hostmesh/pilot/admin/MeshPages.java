package io.hostmesh.pilot.admin;

import io.hostmesh.api.ResourceType;
import io.hostmesh.model.Instance;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.catalog.CatalogGuard;
import io.hostmesh.pilot.snapshot.Published;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The mesh as pilot tells it to agents, for people. */
final class MeshPages {
  private MeshPages() {}

  static JsonObject services(Optional<Published> published) {
    Published now = required(published);
    JsonArray services = new JsonArray();
    for (ServiceName service : now.inputs().listed()) {
      List<Instance> instances =
          now.inputs().instances().stream().filter(i -> i.service().equals(service)).toList();
      JsonArray endpoints = new JsonArray();
      instances.forEach(instance -> endpoints.add(endpoint(instance, now)));
      services.add(
          new JsonObject()
              .put("service", service.toString())
              .put("protocol", instances.isEmpty() ? "" : instances.getFirst().protocol().text())
              .put(
                  "virtual-addresses",
                  AgentPages.array(
                      now.inputs().virtualAddresses().getOrDefault(service, List.of()).stream()
                          .map(InetAddress::getHostAddress)
                          .toList()))
              .put("endpoints", endpoints));
    }
    return new JsonObject().put("snapshot", now.snapshot().version()).put("services", services);
  }

  private static JsonObject endpoint(Instance instance, Published now) {
    JsonObject meta = new JsonObject();
    new TreeMap<>(instance.meta()).forEach(meta::put);
    return new JsonObject()
        .put("instance", instance.id())
        .put("node", instance.node())
        .put("address", instance.address())
        .put("port", instance.port())
        .put("healthy", instance.healthy())
        .put("member", now.entitlements().allows(instance.node(), instance.service()))
        .put("missing", now.guard().missing().contains(instance))
        .put("meta", meta);
  }

  static JsonObject snapshot(Optional<Published> published) {
    Published now = required(published);
    JsonObject kinds = new JsonObject();
    for (ResourceType type : ResourceType.values()) {
      JsonObject versions = new JsonObject();
      now.snapshot().all(type).forEach((name, resource) -> versions.put(name, resource.version()));
      kinds.put(type.typeUrl(), versions);
    }
    return new JsonObject().put("snapshot", now.snapshot().version()).put("resources", kinds);
  }

  static JsonObject guard(CatalogGuard guard) {
    JsonObject json =
        new JsonObject()
            .put("instances", guard.instances().size())
            .put("holding", guard.isHolding())
            .put("missing", guard.missing().size());
    guard.since().ifPresent(since -> json.put("since", since.toString()));
    return json;
  }

  private static Published required(Optional<Published> published) {
    return published.orElseThrow(
        () ->
            new UserError(
                "pilot has no snapshot yet: it has not heard all of the registry; see hostmesh"
                    + " status"));
  }
}
