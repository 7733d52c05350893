package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.inbound.LocalInstances;
import io.hostmesh.agent.inbound.Origin;
import io.hostmesh.agent.inbound.Receiver;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.MeshProtocol;
import io.hostmesh.agent.upstream.MeshTarget;
import io.hostmesh.model.MeshSni;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * What the outbound stage works with. Any thread.
 *
 * @param node this host's name
 */
public record Sender(
    MeshSource mesh,
    Members members,
    LocalInstances instances,
    Receiver receiver,
    Telemetry telemetry,
    RandomGenerator random,
    String node) {

  /** How an endpoint is reached. */
  sealed interface Way {
    /** Through the agent of its host. */
    record Mesh(MeshTarget target) implements Way {}

    /** It is on this host: through our own inbound stage. */
    record SameHost(Origin origin, LocalInstance instance) implements Way {}

    /** It is outside of the mesh: in plaintext. */
    record Plain(Application application) implements Way {}
  }

  Way way(Endpoint endpoint, Outgoing call, MeshProtocol protocol) {
    Optional<InetSocketAddress> agent = endpoint.mesh();
    if (agent.isEmpty()) {
      return new Way.Plain(
          new Application(
              endpoint.service() + " instance " + endpoint.instance() + " outside of the mesh",
              endpoint.application(),
              Optional.empty(),
              Application.Gate.OPEN));
    }
    if (endpoint.node().equals(node)) {
      Optional<LocalInstance> local = instances.byInstance(endpoint.service(), endpoint.instance());
      if (local.isPresent()) {
        return new Way.SameHost(
            new Origin(Origin.Arrival.SAME_HOST, Optional.of(call.source()), call.peer(), ""),
            local.get());
      }
    }
    return new Way.Mesh(
        new MeshTarget(
            call.source().name(),
            new MeshSni(
                endpoint.instance(),
                endpoint.service(),
                call.destination().datacenter(),
                call.destination().trustDomain()),
            agent.get(),
            protocol));
  }
}
