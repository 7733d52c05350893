package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.ErrorDetail;
import io.hostmesh.api.v1.Node;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.common.GrpcStatus;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The sending half of one incremental xDS stream (Envoy's xDS protocol, "Incremental xDS"): what is
 * subscribed on it, and what is acknowledged. Used on one context only.
 */
final class AdsStream {
  static final Set<String> EVERYTHING = Set.of("*");

  private final WriteStream<DeltaDiscoveryRequest> requests;
  private final Node node;
  private final Map<ResourceType, Set<String>> subscribed = new EnumMap<>(ResourceType.class);
  private boolean introduced;

  /**
   * @param node who asks, told with the first request
   */
  AdsStream(WriteStream<DeltaDiscoveryRequest> requests, Node node) {
    this.requests = requests;
    this.node = node;
  }

  /**
   * Makes these names the subscription of a kind: sends the difference, and nothing where there is
   * none.
   *
   * @param held what is known already, so that pilot sends only what is newer
   */
  void subscribe(ResourceType type, Set<String> names, Held held) {
    Set<String> before = subscribed.getOrDefault(type, Set.of());
    Set<String> added = new TreeSet<>(names);
    added.removeAll(before);
    Set<String> removed = new TreeSet<>(before);
    removed.removeAll(names);
    if (added.isEmpty() && removed.isEmpty()) {
      return;
    }
    DeltaDiscoveryRequest.Builder request =
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(type.typeUrl())
            .addAllResourceNamesSubscribe(added)
            .addAllResourceNamesUnsubscribe(removed);
    if (!subscribed.containsKey(type)) {
      request.putAllInitialResourceVersions(versions(names, held));
    }
    subscribed.put(type, new HashSet<>(names));
    send(request);
  }

  private static Map<String, String> versions(Set<String> names, Held held) {
    Map<String, String> versions = new HashMap<>();
    held.byName()
        .forEach(
            (name, accepted) -> {
              if (names.equals(EVERYTHING) || names.contains(name)) {
                versions.put(name, accepted.version());
              }
            });
    return versions;
  }

  /**
   * Acknowledges a response, or refuses it where something in it cannot be used.
   *
   * @param refused the reasons, none for an ACK
   */
  void acknowledge(DeltaDiscoveryResponse response, List<String> refused) {
    DeltaDiscoveryRequest.Builder request =
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(response.getTypeUrl())
            .setResponseNonce(response.getNonce());
    if (!refused.isEmpty()) {
      request.setErrorDetail(
          ErrorDetail.newBuilder()
              .setCode(GrpcStatus.INVALID_ARGUMENT.code)
              .setMessage(String.join("; ", refused)));
    }
    send(request);
  }

  private void send(DeltaDiscoveryRequest.Builder request) {
    if (!introduced) {
      request.setNode(node);
      introduced = true;
    }
    // A failed write shows as the end of the stream, which PilotLink sees.
    requests.write(request.build());
  }
}
