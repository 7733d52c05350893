package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;

/**
 * Catalog writes of one host. Raw requests: consul-client's registration cannot say a check's
 * status. Blocks.
 */
final class CatalogWrites {
  private final Connections connections;
  private final RegisteringNode node;

  CatalogWrites(Connections connections, RegisteringNode node) {
    this.connections = connections;
    this.node = node;
  }

  CatalogNode self() {
    return new CatalogNode(node.name(), node.address());
  }

  /** The node itself, alive. */
  void node() {
    ObjectNode body = body(self());
    body.putObject("NodeMeta").put(RegistrationMeta.NODE, node.name());
    body.putArray("Checks").add(heartbeat(node.name(), true));
    register(body);
  }

  /** The node's heartbeat check, as the agent writes it, and as the reaper does. */
  ObjectNode heartbeat(String name, boolean alive) {
    return json()
        .put("Node", name)
        .put("CheckID", RegistrationMeta.HEARTBEAT_CHECK)
        .put("Name", "Hostmesh agent's heartbeat")
        .put("Status", (alive ? CheckStatus.PASSING : CheckStatus.CRITICAL).text())
        .put("Output", alive ? RegistrationMeta.A_HEARTBEAT : RegistrationMeta.NO_HEARTBEAT);
  }

  /** A service with all its checks; of an adopted one, the checks alone. */
  void service(CatalogNode home, LocalService service, Map<String, CheckReport> checks) {
    ObjectNode body = body(home).put("SkipNodeUpdate", true);
    if (!service.adopted()) {
      ObjectNode json = body.putObject("Service");
      json.put("ID", service.id())
          .put("Service", service.service().name())
          .put("Address", service.address())
          .put("Port", service.port());
      ObjectNode meta = json.putObject("Meta");
      service.registeredMeta(node).forEach(meta::put);
    }
    String notes = service.adopted() ? RegistrationMeta.toNotes(service.registeredMeta(node)) : "";
    ArrayNode array = body.putArray("Checks");
    checks.forEach(
        (id, report) ->
            array.add(
                json()
                    .put("Node", home.name())
                    .put("CheckID", id)
                    .put("Name", name(service, id))
                    .put("Status", report.status().text())
                    .put("Output", report.output())
                    .put("Notes", notes)
                    .put("ServiceID", service.id())
                    .put("ServiceName", service.service().name())));
    register(body);
  }

  private static String name(LocalService service, String checkId) {
    return service.checks().stream()
        .filter(check -> service.checkId(check.id()).equals(checkId))
        .map(LocalCheck::name)
        .findFirst()
        .orElse("Hostmesh agent");
  }

  void removeService(String id) {
    deregister(json().put("Node", node.name()).put("ServiceID", id));
  }

  void removeCheck(String nodeName, String check) {
    deregister(json().put("Node", nodeName).put("CheckID", check));
  }

  void removeNode(String nodeName) {
    deregister(json().put("Node", nodeName));
  }

  /** This node's checks as the catalog has them, by id. */
  Map<String, CheckReport> reports() {
    JsonNode checks = get("/v1/health/node/" + node.name());
    Map<String, CheckReport> reports = new HashMap<>();
    for (JsonNode check : checks) {
      reports.put(
          check.path("CheckID").asText(""),
          new CheckReport(
              CheckStatus.parse(check.path("Status").asText("")), check.path("Output").asText("")));
    }
    return reports;
  }

  /** This node's services as the catalog has them: an object by id. */
  JsonNode services() {
    return get("/v1/catalog/node/" + node.name()).path("Services");
  }

  private ObjectNode body(CatalogNode of) {
    return json()
        .put("Datacenter", connections.settings().datacenter())
        .put("Node", of.name())
        .put("Address", of.address());
  }

  void register(ObjectNode body) {
    connections.perform(() -> connections.raw().put("/v1/catalog/register", body));
  }

  private void deregister(ObjectNode body) {
    body.put("Datacenter", connections.settings().datacenter());
    connections.perform(() -> connections.raw().put("/v1/catalog/deregister", body));
  }

  private JsonNode get(String path) {
    return connections.perform(() -> connections.raw().get(path, Map.of()));
  }

  private ObjectNode json() {
    return connections.raw().mapper().createObjectNode();
  }
}
