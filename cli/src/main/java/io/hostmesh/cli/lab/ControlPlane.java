package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.admin.AdminSocket;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;

/**
 * What the supervisor asks of the lab's daemons.
 *
 * @param folder where their sockets are
 */
record ControlPlane(LabFolder folder) {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  AdminSocket citadel() {
    return new AdminSocket(folder.socket("citadel"), "citadel");
  }

  AdminSocket pilot() {
    return new AdminSocket(folder.socket("pilot"), "pilot");
  }

  AdminSocket agent(String host) {
    return new AdminSocket(folder.agentSocket(host), "the agent of " + host);
  }

  /** A join token; for pilot where no node is named. */
  String token(Optional<String> node) {
    JsonObject wish = new JsonObject().put("kind", node.isPresent() ? "node" : "pilot");
    node.ifPresent(name -> wish.put("node", name));
    return citadel().ask("POST", "/v1/tokens", wish, LIMIT).getString("token");
  }

  /** Entitles a node to a service, beside those that it has. */
  void allow(String node, ServiceName service) {
    JsonObject wish =
        new JsonObject().put("node", node).put("allow", new JsonArray().add(service.full()));
    citadel().ask("POST", "/v1/entitlements", wish, LIMIT);
  }

  void reload(String host) {
    agent(host).ask("POST", "/v1/reload", new JsonObject(), LIMIT);
  }

  JsonObject agentStatus(String host) {
    return agent(host).get("/v1/status", LIMIT);
  }

  /** The mesh as a host's agent knows it. */
  JsonObject agentView(String host) {
    return agent(host).get("/v1/config", LIMIT);
  }
}
