package io.hostmesh.api;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.LimitPolicy;
import io.hostmesh.api.v1.MeshSettings;
import io.hostmesh.api.v1.ModePolicy;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.Service;
import io.hostmesh.api.v1.UpstreamPolicy;
import java.util.Optional;

/**
 * The kinds of resources that pilot hands out, in the order in which they are applied: what a later
 * kind refers to has arrived before it.
 */
public enum ResourceType {
  MESH_SETTINGS(MeshSettings.getDescriptor().getFullName(), MeshSettings.parser(), true),
  SERVICE(Service.getDescriptor().getFullName(), Service.parser(), true),
  UPSTREAM_POLICY(UpstreamPolicy.getDescriptor().getFullName(), UpstreamPolicy.parser(), false),
  ENDPOINTS(Endpoints.getDescriptor().getFullName(), Endpoints.parser(), false),
  ROUTE(Route.getDescriptor().getFullName(), Route.parser(), false),
  MODE_POLICY(ModePolicy.getDescriptor().getFullName(), ModePolicy.parser(), false),
  LIMIT_POLICY(LimitPolicy.getDescriptor().getFullName(), LimitPolicy.parser(), false),
  ACCESS_POLICY(AccessPolicy.getDescriptor().getFullName(), AccessPolicy.parser(), false);

  private static final String PREFIX = "type.googleapis.com/";

  private final String typeUrl;
  private final Parser<? extends Message> parser;
  private final boolean forEveryone;

  ResourceType(String fullName, Parser<? extends Message> parser, boolean forEveryone) {
    this.typeUrl = PREFIX + fullName;
    this.parser = parser;
    this.forEveryone = forEveryone;
  }

  public String typeUrl() {
    return typeUrl;
  }

  /** Whether agents subscribe to all resources of this kind (the xDS wildcard). */
  public boolean forEveryone() {
    return forEveryone;
  }

  public Message parse(com.google.protobuf.ByteString bytes) throws InvalidProtocolBufferException {
    return parser.parseFrom(bytes);
  }

  /** The kind of a type URL; empty for kinds of a newer pilot, which are ignored and reported. */
  public static Optional<ResourceType> of(String typeUrl) {
    for (ResourceType type : values()) {
      if (type.typeUrl.equals(typeUrl)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
