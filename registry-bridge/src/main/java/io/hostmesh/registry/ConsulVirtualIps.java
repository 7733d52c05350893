package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The virtual addresses that Consul itself publishes: the tagged address {@code consul-virtual} of
 * services that take part in Consul's own mesh (Consul, "Virtual IPs"). Safe for any thread.
 */
public final class ConsulVirtualIps {
  private static final String TAG = "consul-virtual";

  private final Connections connections;

  ConsulVirtualIps(Connections connections) {
    this.connections = connections;
  }

  /**
   * A service's address, empty where Consul publishes none for it.
   *
   * @param consulName the name under which Consul lists the service
   */
  public CompletableFuture<Optional<String>> of(String consulName) {
    return connections.call(
        () -> find(connections.raw().get("/v1/health/connect/" + consulName, Map.of())));
  }

  private static Optional<String> find(JsonNode answer) {
    for (JsonNode instance : answer) {
      String address =
          instance.path("Service").path("TaggedAddresses").path(TAG).path("Address").asText("");
      if (!address.isEmpty()) {
        return Optional.of(address);
      }
    }
    return Optional.empty();
  }
}
