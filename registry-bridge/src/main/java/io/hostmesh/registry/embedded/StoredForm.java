package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state as JSON, and back: the API's own views, and the indexes that they do not show. Pure.
 */
final class StoredForm {
  private static final int FORMAT = 1;

  private StoredForm() {}

  static ObjectNode write(Store store) {
    ObjectNode json = Views.object().put("format", FORMAT).put("index", store.index());
    ArrayNode keys = json.putArray("keys");
    store.keys().byName().values().forEach(key -> keys.add(Views.key(key)));
    ObjectNode deleted = json.putObject("deleted");
    store.keys().deleted().forEach(deleted::put);
    json.put("forgotten", store.keys().forgotten());
    ArrayNode configs = json.putArray("configs");
    store.configs().byName().values().forEach(entry -> configs.add(Views.key(entry)));
    ObjectNode unset = json.putObject("configs-deleted");
    store.configs().deleted().forEach(unset::put);
    json.put("configs-forgotten", store.configs().forgotten());
    ArrayNode nodes = json.putArray("nodes");
    store.nodes().values().forEach(node -> nodes.add(node(node)));
    ArrayNode sessions = json.putArray("sessions");
    store.sessions().values().forEach(session -> sessions.add(Views.session(session)));
    json.putObject("topics")
        .put("nodes", store.topics().nodes())
        .put("services", store.topics().services())
        .put("checks", store.topics().checks())
        .put("sessions", store.topics().sessions());
    return json;
  }

  private static ObjectNode node(StoredNode node) {
    ObjectNode json = Views.node(node, "");
    ArrayNode services = json.putArray("Services");
    node.services().values().forEach(service -> services.add(Views.service(service)));
    ArrayNode checks = json.putArray("Checks");
    for (StoredCheck check : node.checks().values()) {
      ObjectNode view = Views.check(node, check);
      check.ttl().ifPresent(ttl -> view.put("TTL", Views.duration(ttl)));
      check.removeServiceAfter().ifPresent(after -> view.put("Remove", Views.duration(after)));
      checks.add(view);
    }
    return json;
  }

  /**
   * @throws IllegalArgumentException where it is of another format
   */
  static Store read(JsonNode json) {
    if (json.path("format").asInt() != FORMAT) {
      throw new IllegalArgumentException("its format is not " + FORMAT);
    }
    SortedMap<String, StoredNode> nodes = new TreeMap<>();
    json.path("nodes").forEach(node -> nodes.put(node.path("Node").asText(), node(node)));
    SortedMap<String, StoredSession> sessions = new TreeMap<>();
    json.path("sessions").forEach(s -> sessions.put(s.path("ID").asText(), session(s)));
    JsonNode topics = json.path("topics");
    return new Store(
        json.path("index").asLong(1),
        keys(json, "keys", "deleted", "forgotten"),
        keys(json, "configs", "configs-deleted", "configs-forgotten"),
        nodes,
        sessions,
        new Store.Topics(
            topics.path("nodes").asLong(1),
            topics.path("services").asLong(1),
            topics.path("checks").asLong(1),
            topics.path("sessions").asLong(1)));
  }

  private static Keys keys(JsonNode json, String all, String gone, String forgotten) {
    SortedMap<String, StoredKey> keys = new TreeMap<>();
    json.path(all).forEach(key -> keys.put(key.path("Key").asText(), key(key)));
    SortedMap<String, Long> deleted = new TreeMap<>();
    json.path(gone)
        .propertyStream()
        .forEach(entry -> deleted.put(entry.getKey(), entry.getValue().asLong()));
    return new Keys(keys, deleted, json.path(forgotten).asLong());
  }

  private static StoredKey key(JsonNode json) {
    return new StoredKey(
        json.path("Key").asText(),
        json.path("Value").asText(),
        json.path("Flags").asLong(),
        Optional.ofNullable(json.get("Session")).map(JsonNode::asText),
        json.path("LockIndex").asLong(),
        created(json),
        modified(json));
  }

  private static StoredSession session(JsonNode json) {
    Payload body = Payload.of(json);
    return new StoredSession(
        body.text("ID"),
        body.text("Name"),
        body.text("Node"),
        body.duration("LockDelay").orElse(Duration.ZERO),
        body.text("Behavior").equals("delete"),
        body.duration("TTL"),
        body.texts("NodeChecks"),
        created(json));
  }

  private static StoredNode node(JsonNode json) {
    SortedMap<String, StoredService> services = new TreeMap<>();
    json.path("Services").forEach(s -> services.put(s.path("ID").asText(), service(s)));
    SortedMap<String, StoredCheck> checks = new TreeMap<>();
    json.path("Checks").forEach(c -> checks.put(c.path("CheckID").asText(), check(c)));
    Payload body = Payload.of(json);
    return new StoredNode(
        body.text("Node"),
        body.text("Address"),
        body.textMap("Meta"),
        services,
        checks,
        created(json),
        modified(json));
  }

  private static StoredService service(JsonNode json) {
    Payload body = Payload.of(json);
    return new StoredService(
        body.text("ID"),
        body.text("Service"),
        body.text("Kind"),
        body.texts("Tags"),
        body.text("Address"),
        body.integer("Port"),
        body.textMap("Meta"),
        created(json),
        modified(json));
  }

  private static StoredCheck check(JsonNode json) {
    Payload body = Payload.of(json);
    return new StoredCheck(
        body.text("CheckID"),
        body.text("Name"),
        body.text("Status"),
        body.text("Notes"),
        body.text("Output"),
        body.text("ServiceID"),
        body.text("ServiceName"),
        body.duration("TTL"),
        body.duration("Remove"),
        created(json),
        modified(json));
  }

  private static long created(JsonNode json) {
    return json.path("CreateIndex").asLong();
  }

  private static long modified(JsonNode json) {
    return json.path("ModifyIndex").asLong();
  }
}
