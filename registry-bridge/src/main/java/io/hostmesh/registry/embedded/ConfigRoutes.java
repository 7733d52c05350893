package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * {@code /v1/config}: config entries of the one kind that the mesh reads. They are kept as they
 * were written; Consul's own adds fields and checks more.
 */
final class ConfigRoutes {
  private static final String KIND = "service-intentions";
  private static final String PREFIX = KIND + "/";

  private final Live live;

  ConfigRoutes(Live live) {
    this.live = live;
  }

  void addTo(Routes routes) {
    routes.at("PUT", "/v1/config", new Handler.Write(this::put));
    routes.under("GET", "/v1/config/", new Handler.Read(ConfigRoutes::read));
    routes.under("DELETE", "/v1/config/", new Handler.Write(this::delete));
  }

  private Answer put(Call call) {
    Payload entry = call.payload();
    if (!entry.text("Kind").equals(KIND)) {
      throw Refusal.badRequest(
          "invalid config entry kind: " + entry.text("Kind") + "; this registry has " + KIND);
    }
    if (entry.text("Name").isEmpty() || entry.text("Name").indexOf('/') >= 0) {
      throw Refusal.badRequest("Name is required");
    }
    live.change(
        store -> store.configure(PREFIX + entry.text("Name"), call.body().toString().strip()));
    return Answer.json(true);
  }

  private static Query read(Call call) {
    String path = call.name();
    if (path.equals(KIND)) {
      return new Query(store -> store.configs().indexUnder(PREFIX), ConfigRoutes::all);
    }
    checkKind(path);
    return new Query(
        store -> store.configs().indexOf(path),
        store ->
            store.configs().get(path).map(entry -> Answer.json(view(entry))).orElse(missing(path)));
  }

  private static Answer missing(String path) {
    return Answer.text(
        404,
        "Config entry not found for \""
            + KIND
            + "\" / \""
            + path.substring(PREFIX.length())
            + "\"");
  }

  private static void checkKind(String path) {
    if (!path.startsWith(PREFIX)) {
      throw Refusal.badRequest("this registry has only config entries of kind " + KIND);
    }
  }

  private static Answer all(Store store) {
    ArrayNode view = Views.array();
    store.configs().under(PREFIX).values().forEach(entry -> view.add(view(entry)));
    return Answer.json(view);
  }

  private static JsonNode view(StoredKey entry) {
    try {
      ObjectNode view = (ObjectNode) Call.MAPPER.readTree(entry.value());
      return view.put("CreateIndex", entry.createIndex()).put("ModifyIndex", entry.modifyIndex());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a config entry was kept that is no JSON", e);
    }
  }

  private Answer delete(Call call) {
    checkKind(call.name());
    live.change(store -> store.forget(call.name()));
    return Answer.json(Views.object());
  }
}
