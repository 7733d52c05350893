package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.Node;

/** What an agent tells pilot of itself with the first request of a stream. */
public final class Announcement {
  private static final String PRODUCT = "hostmesh-agent";

  private Announcement() {}

  /** Features are the kinds of resources that this agent knows. */
  public static Node of(String node, String version) {
    Node.Builder announcement =
        Node.newBuilder().setId(node).setUserAgentName(PRODUCT).setUserAgentVersion(version);
    for (ResourceType type : ResourceType.values()) {
      announcement.addClientFeatures(type.typeUrl());
    }
    return announcement.build();
  }
}
