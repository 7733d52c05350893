package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the API shows, in Consul's names. Pure. */
final class Views {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Views() {}

  static ObjectNode object() {
    return JSON.objectNode();
  }

  static ArrayNode array() {
    return JSON.arrayNode();
  }

  static ObjectNode key(StoredKey key) {
    ObjectNode view =
        object()
            .put("LockIndex", key.lockIndex())
            .put("Key", key.key())
            .put("Flags", key.flags())
            .put("Value", key.value());
    key.session().ifPresent(session -> view.put("Session", session));
    return view.put("CreateIndex", key.createIndex()).put("ModifyIndex", key.modifyIndex());
  }

  static ObjectNode session(StoredSession session) {
    ObjectNode view =
        object()
            .put("ID", session.id())
            .put("Name", session.name())
            .put("Node", session.node())
            .put("LockDelay", session.lockDelay().toNanos())
            .put("Behavior", session.deletes() ? "delete" : "release")
            .put("TTL", session.ttl().map(Views::duration).orElse(""));
    ArrayNode checks = view.putArray("NodeChecks");
    session.checks().forEach(checks::add);
    return view.put("CreateIndex", session.createIndex()).put("ModifyIndex", session.createIndex());
  }

  static String duration(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }

  static ObjectNode node(StoredNode node, String datacenter) {
    ObjectNode view = place(node, datacenter);
    view.set("Meta", strings(node.meta()));
    return view.put("CreateIndex", node.createIndex()).put("ModifyIndex", node.modifyIndex());
  }

  private static ObjectNode place(StoredNode node, String datacenter) {
    ObjectNode view =
        object()
            .put("ID", "")
            .put("Node", node.name())
            .put("Address", node.address())
            .put("Datacenter", datacenter);
    return view.putNull("TaggedAddresses");
  }

  static ObjectNode service(StoredService service) {
    ObjectNode view = object();
    if (!service.kind().isEmpty()) {
      view.put("Kind", service.kind());
    }
    view.put("ID", service.id()).put("Service", service.name());
    view.set("Tags", tags(service));
    view.put("Address", service.address()).put("Port", service.port());
    view.set("Meta", strings(service.meta()));
    view.set("Weights", object().put("Passing", 1).put("Warning", 1));
    return view.put("EnableTagOverride", false)
        .put("CreateIndex", service.createIndex())
        .put("ModifyIndex", service.modifyIndex());
  }

  /** An entry of {@code /v1/catalog/service/:name}. */
  static ObjectNode instance(StoredNode node, StoredService service, String datacenter) {
    ObjectNode view = place(node, datacenter);
    view.set("NodeMeta", strings(node.meta()));
    view.put("ServiceKind", service.kind())
        .put("ServiceID", service.id())
        .put("ServiceName", service.name());
    view.set("ServiceTags", tags(service));
    view.put("ServiceAddress", service.address());
    view.set("ServiceWeights", object().put("Passing", 1).put("Warning", 1));
    view.set("ServiceMeta", strings(service.meta()));
    return view.put("ServicePort", service.port())
        .put("ServiceEnableTagOverride", false)
        .put("CreateIndex", service.createIndex())
        .put("ModifyIndex", service.modifyIndex());
  }

  static ObjectNode check(StoredNode node, StoredCheck check) {
    ObjectNode view =
        object()
            .put("Node", node.name())
            .put("CheckID", check.id())
            .put("Name", check.name())
            .put("Status", check.status())
            .put("Notes", check.notes())
            .put("Output", check.output())
            .put("ServiceID", check.serviceId())
            .put("ServiceName", check.serviceName());
    StoredService service = node.services().get(check.serviceId());
    view.set("ServiceTags", service == null ? array() : tags(service));
    view.put("Type", check.ttl().isPresent() ? "ttl" : "");
    view.set("Definition", object());
    return view.put("CreateIndex", check.createIndex()).put("ModifyIndex", check.modifyIndex());
  }

  /** An entry of {@code /v1/health/service/:name}: the node's own checks count for it too. */
  static ObjectNode health(StoredNode node, StoredService service, String datacenter) {
    ObjectNode view = object();
    view.set("Node", node(node, datacenter));
    view.set("Service", service(service));
    ArrayNode checks = view.putArray("Checks");
    node.checks().values().stream()
        .filter(check -> concerns(check, service))
        .forEach(check -> checks.add(check(node, check)));
    return view;
  }

  static boolean concerns(StoredCheck check, StoredService service) {
    return check.serviceId().isEmpty() || check.serviceId().equals(service.id());
  }

  /** The names of all services with all their tags. */
  static ObjectNode services(Store store) {
    SortedMap<String, ArrayNode> names = new TreeMap<>();
    for (StoredNode node : store.nodes().values()) {
      for (StoredService service : node.services().values()) {
        ArrayNode tags = names.computeIfAbsent(service.name(), _ -> array());
        service.tags().stream()
            .filter(tag -> tags.valueStream().noneMatch(known -> known.asText().equals(tag)))
            .forEach(tags::add);
      }
    }
    ObjectNode view = object();
    names.forEach(view::set);
    return view;
  }

  private static ArrayNode tags(StoredService service) {
    ArrayNode tags = array();
    service.tags().forEach(tags::add);
    return tags;
  }

  private static ObjectNode strings(Map<String, String> map) {
    ObjectNode view = object();
    new TreeMap<>(map).forEach(view::put);
    return view;
  }
}
