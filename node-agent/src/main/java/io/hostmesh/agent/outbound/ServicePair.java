package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.MeshProtocol;
import io.hostmesh.agent.upstream.MeshTarget;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/**
 * A local service and one that it calls: what all connections and requests between the two share.
 * Any thread.
 */
final class ServicePair {
  private final Call call;
  private final SpiffeId.Service identity;
  private final ServiceName source;
  private final ServiceName service;
  private final MeshProtocol inside;
  private final Load load;

  /** The ways to the endpoints of one list. Never changed once it is here. */
  private volatile IdentityHashMap<Endpoint, Sender.Way> ways = new IdentityHashMap<>();

  ServicePair(SpiffeId.Service source, Call call, Load load) {
    this.call = call;
    this.identity = source;
    this.load = load;
    this.source = source.name();
    this.service = call.service();
    this.inside = call.protocol().equals(Call.TCP) ? MeshProtocol.TCP : MeshProtocol.HTTP;
  }

  /** The metrics' labels, as this side sees it. */
  Call call() {
    return call;
  }

  Optional<? extends SpiffeId> source() {
    return call.source();
  }

  /** The service of this host that calls. */
  ServiceName caller() {
    return source;
  }

  /** The service called. */
  ServiceName service() {
    return service;
  }

  /** The same caller with another service, or this where it is the same one. */
  ServicePair to(ServiceName other, Sender sender) {
    return other.equals(service)
        ? this
        : sender.pair(
            identity,
            SpiffeId.Service.of(
                call.destination().trustDomain(), call.destination().datacenter(), other),
            call.protocol());
  }

  /** How an endpoint on another host is reached. */
  Sender.Way remote(Endpoint endpoint, MeshSource mesh) {
    Sender.Way known = ways.get(endpoint);
    if (known != null) {
      return known;
    }
    IdentityHashMap<Endpoint, Sender.Way> made = new IdentityHashMap<>();
    for (Endpoint each : mesh.view().endpoints(service).orElse(List.of())) {
      made.put(each, way(each));
    }
    ways = made;
    Sender.Way current = made.get(endpoint);
    return current == null ? way(endpoint) : current; // Chosen a moment before it changed.
  }

  private Sender.Way way(Endpoint endpoint) {
    if (endpoint.mesh().isEmpty() || endpoint.plaintext()) {
      return new Sender.Way.Plain(
          new Application(
              endpoint.service()
                  + " instance "
                  + endpoint.instance()
                  + (endpoint.plaintext() ? " in plaintext, by its mode" : " outside of the mesh"),
              endpoint.application(),
              Optional.empty(),
              Application.Gate.OPEN,
              load));
    }
    return new Sender.Way.Mesh(
        new MeshTarget(
            source,
            new MeshSni(
                endpoint.instance(),
                endpoint.service(),
                call.destination().datacenter(),
                call.destination().trustDomain()),
            endpoint.mesh().get(),
            inside,
            load));
  }
}
