package io.hostmesh.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** A node's heartbeat: a session of the node's own that ends unless it is renewed. Blocks. */
final class Heartbeat {
  private final Connections connections;
  private final RegisteringNode node;
  private @Nullable String session;

  Heartbeat(Connections connections, RegisteringNode node) {
    this.connections = connections;
    this.node = node;
  }

  /** Renews; false where there is no session, or no more. */
  boolean isAlive() {
    String held = session;
    return held != null && connections.perform(() -> connections.renew(held));
  }

  /** Begins a new session. The node must be in the catalog. */
  void begin() {
    ObjectNode body =
        connections
            .raw()
            .mapper()
            .createObjectNode()
            .put("Node", node.name())
            .put("Name", RegistrationMeta.HEARTBEAT_SESSION)
            .put("TTL", connections.timing().lifetimeText())
            .put("Behavior", "release");
    // Explicitly none: Consul's default is the check of its own agent, which this node has not.
    body.putArray("NodeChecks");
    session =
        connections
            .perform(() -> connections.raw().put("/v1/session/create", body))
            .path("ID")
            .asText();
  }
}
