package io.hostmesh.agent.discovery;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.hostmesh.api.ResourceType;

/** What an agent tells pilot of itself with the first request of a stream. */
public final class Announcement {
  private static final String PRODUCT = "hostmesh-agent";

  private Announcement() {}

  /**
   * Features are the kinds of resources that this agent knows; the generation tells two agents of
   * one host apart.
   */
  public static Node of(String node, String version, long generation) {
    Node.Builder announcement =
        Node.newBuilder()
            .setId(node)
            .setUserAgentName(PRODUCT)
            .setUserAgentVersion(version)
            .setMetadata(
                Struct.newBuilder()
                    .putFields("version", text(version))
                    .putFields("generation", text(Long.toString(generation))));
    for (ResourceType type : ResourceType.values()) {
      announcement.addClientFeatures(type.typeUrl());
    }
    return announcement.build();
  }

  private static Value text(String value) {
    return Value.newBuilder().setStringValue(value).build();
  }
}
