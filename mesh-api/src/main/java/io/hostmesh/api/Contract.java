package io.hostmesh.api;

import java.util.List;

/**
 * What both ends of the discovery stream announce. An agent fills in the request's {@code node}:
 * {@code id} is the node's name, {@code user_agent_name} {@link #AGENT}, {@code user_agent_version}
 * its version and {@code client_features} the {@link #FEATURES} that it has. A pilot's {@code
 * control_plane.identifier} is {@link #pilot}. Unknown features and kinds are ignored and reported.
 */
public final class Contract {
  /** The contracts' version: the protobuf package. */
  public static final String VERSION = "hostmesh.v1";

  public static final String AGENT = "hostmesh-agent";

  /** What this build understands beyond the first version of the contract. */
  public static final List<String> FEATURES = List.of("hostmesh.v1");

  /**
   * The largest gRPC message that either end takes, in bytes. Pilot keeps answers far below; one
   * service with very many endpoints, or a returning agent's list of versions, may come near.
   */
  public static final int MAX_MESSAGE_BYTES = 16 << 20;

  private Contract() {}

  /** A pilot's identifier. */
  public static String pilot(String version) {
    return "hostmesh-pilot/" + version + " " + String.join(" ", FEATURES);
  }
}
