package io.hostmesh.model;

import java.util.Map;

/**
 * One running copy of a service, as the registry knows it.
 *
 * @param id the instance's short id, unique on its node, one DNS label
 * @param service whose copy it is
 * @param node the host it runs on
 * @param address where the application listens, as other hosts would reach it without the mesh
 * @param port 1 to 65535
 * @param meta the registry's metadata, which subsets select by
 * @param healthy whether all of its checks pass
 */
public record Instance(
    String id,
    ServiceName service,
    String node,
    String address,
    int port,
    Protocol protocol,
    Map<String, String> meta,
    boolean healthy) {

  /** Metadata keys that the mesh writes beside the user's own; all others are the user's. */
  public static final String META_PREFIX = "hostmesh-";

  public static final String META_NAMESPACE = META_PREFIX + "namespace";
  public static final String META_PROTOCOL = META_PREFIX + "protocol";
  public static final String META_INSTANCE = META_PREFIX + "instance";
  public static final String META_MESH_PORT = META_PREFIX + "mesh-port";

  /** Where the host stands, as its agent says: see {@link Locality}. */
  public static final String META_REGION = META_PREFIX + "region";

  public static final String META_ZONE = META_PREFIX + "zone";

  /** Consul's weight of a passing instance, where it is not 1; added when it is read. */
  public static final String META_WEIGHT = META_PREFIX + "weight";

  /** The user's own metadata key for the share of requests, relative to the others': 1 to 65535. */
  public static final String WEIGHT = "weight";

  /** The user's own metadata keys for where an instance stands, where no agent says it. */
  public static final String REGION = "region";

  public static final String ZONE = "zone";

  public Instance {
    Names.label("instance", id);
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " is not within 1 to 65535");
    }
    meta = Map.copyOf(meta);
  }
}
