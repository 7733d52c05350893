package io.hostmesh.agent.discovery;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.LimitPolicy;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.api.v1.ModePolicy;
import io.hostmesh.api.v1.Resource;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.Service;
import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.Locality;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Scope;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Turns a resource as it came into what the data path uses, or says why it cannot be used. */
final class ResourceCompiler {
  private ResourceCompiler() {}

  /**
   * @param unknown takes a sentence where the resource has fields of a newer contract
   */
  static Content compile(ResourceType type, Resource resource, List<String> unknown)
      throws UnusableResource {
    if (!resource.getResource().getTypeUrl().equals(type.typeUrl())) {
      throw new UnusableResource(
          "is of kind " + resource.getResource().getTypeUrl() + ", not " + type.typeUrl());
    }
    try {
      Message message = type.parse(resource.getResource().getValue());
      Content content = content(message, resource.getName());
      if (!message.getUnknownFields().asMap().isEmpty()) {
        unknown.add("fields of " + type.typeUrl() + " in " + resource.getName());
      }
      return content;
    } catch (InvalidProtocolBufferException e) {
      throw new UnusableResource("is not readable: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new UnusableResource(String.valueOf(e.getMessage()), e);
    }
  }

  private static Content content(Message message, String name) throws UnusableResource {
    return switch (message) {
      case io.hostmesh.api.v1.MeshSettings settings -> settings(settings);
      case Service service -> {
        ServiceName of = named(name, service.getNamespace(), service.getName());
        yield new Content.Listing(listing(of, service));
      }
      case Endpoints endpoints -> {
        ServiceName of = named(name, endpoints.getNamespace(), endpoints.getService());
        yield new Content.Members(of, members(of, endpoints));
      }
      case Route route -> {
        ServiceName of = named(name, route.getNamespace(), route.getService());
        yield new Content.Routing(of, RouteResources.route(of, route));
      }
      case AccessPolicy policy -> {
        Scope of = scoped(name, policy.getNamespace(), policy.getService());
        yield new Content.Access(
            PolicyResources.access(of, policy),
            policy.hasAuthentication()
                ? Optional.of(EndUserResources.authentication(of, policy.getAuthentication()))
                : Optional.empty(),
            policy.hasExternal()
                ? Optional.of(EndUserResources.external(of, policy.getExternal()))
                : Optional.empty());
      }
      case ModePolicy policy -> {
        Scope of = scoped(name, policy.getNamespace(), policy.getService());
        yield new Content.Mode(PolicyResources.mode(of, policy));
      }
      case UpstreamPolicy policy -> {
        scoped(name, policy.getNamespace(), policy.getService());
        yield new Content.Upstreams(UpstreamResources.upstream(policy));
      }
      case LimitPolicy policy -> {
        Scope of = scoped(name, policy.getNamespace(), policy.getService());
        yield new Content.Limits(LimitTables.rule(of, policy));
      }
      default -> throw new UnusableResource("is of a kind without a meaning here");
    };
  }

  private static ServiceName named(String resource, String namespace, String service)
      throws UnusableResource {
    ServiceName name = new ServiceName(namespace, service);
    if (!name.full().equals(resource)) {
      throw new UnusableResource("speaks of " + name.full());
    }
    return name;
  }

  private static Scope scoped(String resource, String namespace, String service)
      throws UnusableResource {
    Scope scope = Scope.of(namespace, service);
    if (!scope.path().equals(resource)) {
      throw new UnusableResource("speaks of " + scope.path());
    }
    return scope;
  }

  /** A mode that this agent does not know is the stricter one. */
  private static Content settings(io.hostmesh.api.v1.MeshSettings message) {
    // Judges the trust domain and the datacenter: names of instances are made of them.
    MeshSni probe =
        new MeshSni("i", ServiceName.of("s"), message.getDatacenter(), message.getTrustDomain());
    return new Content.Settings(
        new MeshSettings(
            probe.trustDomain(),
            probe.datacenter(),
            message.getDefaultAllow(),
            message.getMode() != Mode.MODE_PERMISSIVE));
  }

  private static DirectoryEntry listing(ServiceName name, Service message) throws UnusableResource {
    List<InetAddress> virtual = new ArrayList<>();
    for (String address : message.getVirtualAddressesList()) {
      virtual.add(InetAddress.ofLiteral(address));
    }
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String address : message.getAddressesList()) {
      addresses.add(socketAddress(address));
    }
    return new DirectoryEntry(
        name, message.getDatacenter(), protocol(message.getProtocol()), virtual, addresses);
  }

  private static Protocol protocol(io.hostmesh.api.v1.Protocol protocol) throws UnusableResource {
    return switch (protocol) {
      case PROTOCOL_HTTP -> Protocol.HTTP;
      case PROTOCOL_HTTP2 -> Protocol.HTTP2;
      case PROTOCOL_GRPC -> Protocol.GRPC;
      case PROTOCOL_TCP -> Protocol.TCP;
      case PROTOCOL_UNSPECIFIED -> Protocol.AUTO;
      case UNRECOGNIZED ->
          throw new UnusableResource("has a protocol that this version does not know");
    };
  }

  private static List<Endpoint> members(ServiceName service, Endpoints message)
      throws UnusableResource {
    List<Endpoint> endpoints = new ArrayList<>();
    for (io.hostmesh.api.v1.Endpoint endpoint : message.getEndpointsList()) {
      endpoints.add(
          new Endpoint(
              service,
              endpoint.getInstance(),
              endpoint.getNode(),
              socketAddress(endpoint.getAddress(), endpoint.getPort()),
              mesh(endpoint),
              endpoint.getHealthy(),
              endpoint.getMetaMap(),
              endpoint.getPlaintext(),
              Locality.of(endpoint.getRegion(), endpoint.getZone()),
              Math.clamp(endpoint.getWeight(), 1, 65_535)));
    }
    return endpoints;
  }

  /** A member is called through its mesh port or not at all. */
  private static Optional<InetSocketAddress> mesh(io.hostmesh.api.v1.Endpoint endpoint)
      throws UnusableResource {
    return endpoint.getMember()
        ? Optional.of(socketAddress(endpoint.getMeshAddress(), endpoint.getMeshPort()))
        : Optional.empty();
  }

  private static InetSocketAddress socketAddress(String address, int port) throws UnusableResource {
    if (port < 1 || port > 65535) {
      throw new UnusableResource(
          "port "
              + Integer.toUnsignedString(port)
              + " of "
              + address
              + " is not within 1 to 65535");
    }
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  private static InetSocketAddress socketAddress(String text) throws UnusableResource {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new UnusableResource("\"" + text + "\" is not address:port");
    }
    String address = text.substring(0, colon);
    if (address.startsWith("[") && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    }
    try {
      return socketAddress(address, Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new UnusableResource("\"" + text + "\" is not address:port", e);
    }
  }
}
