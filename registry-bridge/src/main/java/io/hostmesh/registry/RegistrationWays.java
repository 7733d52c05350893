package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Which of the two ways of registration is this host's. */
final class RegistrationWays {
  private RegistrationWays() {}

  /**
   * @throws RegistryException where that must be asked and nobody answers
   */
  static RegistrationWay choose(Connections connections, RegisteringNode node) {
    return hasLocalAgent(connections)
        ? new AgentWay(connections, node)
        : new CatalogWay(connections, node);
  }

  private static boolean hasLocalAgent(Connections connections) {
    return switch (connections.settings().localAgent()) {
      case YES -> true;
      case NO -> false;
      case AUTO -> connections.settings().isLoopback() && !isEmbedded(connections);
    };
  }

  private static boolean isEmbedded(Connections connections) {
    JsonNode self = connections.perform(() -> connections.raw().get("/v1/agent/self", Map.of()));
    return self.path("Meta").has(RegistrationMeta.EMBEDDED);
  }
}
