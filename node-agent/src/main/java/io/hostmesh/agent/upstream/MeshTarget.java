package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.ServiceName;
import java.net.InetSocketAddress;

/**
 * What connections between agents are pooled by: traffic of two services never shares one.
 *
 * @param source the caller, whose certificate is shown
 * @param name the instance called
 * @param agent the mesh port of its host
 * @param load of the service called: one object for each service
 */
public record MeshTarget(
    ServiceName source, MeshSni name, InetSocketAddress agent, MeshProtocol protocol, Load load) {
  @Override
  public String toString() {
    return name.service()
        + " instance "
        + name.instance()
        + " at "
        + agent.getAddress().getHostAddress()
        + ":"
        + agent.getPort();
  }
}
