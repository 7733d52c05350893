package io.hostmesh.agent.discovery;

import io.hostmesh.model.Locality;
import io.hostmesh.model.ServiceName;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;

/**
 * An instance that can be called.
 *
 * @param instance its short id, unique on its node
 * @param application where the application listens
 * @param mesh where its node's agent listens; empty only for an instance outside the mesh, the one
 *     kind that may be called in plaintext without a rule that says so
 * @param plaintext whether a rule says that other hosts call it in plaintext, though it is a member
 * @param locality where its host stands
 * @param weight its share of the service's requests, relative to the others'; 1 to 65535
 */
public record Endpoint(
    ServiceName service,
    String instance,
    String node,
    InetSocketAddress application,
    Optional<InetSocketAddress> mesh,
    boolean healthy,
    Map<String, String> meta,
    boolean plaintext,
    Locality locality,
    int weight) {
  public Endpoint {
    meta = Map.copyOf(meta);
  }

  /** An instance that no rule calls plaintext, as heavy as the others, of no known place. */
  public Endpoint(
      ServiceName service,
      String instance,
      String node,
      InetSocketAddress application,
      Optional<InetSocketAddress> mesh,
      boolean healthy,
      Map<String, String> meta) {
    this(service, instance, node, application, mesh, healthy, meta, false, Locality.NONE, 1);
  }
}
