package io.hostmesh.agent.upstream;

import io.hostmesh.model.MeshSni;
import io.hostmesh.model.ServiceName;
import java.net.InetSocketAddress;

/**
 * What connections between agents are pooled by: traffic of two services never shares one.
 *
 * @param source the caller, whose certificate is shown
 * @param name the instance called
 * @param agent the mesh port of its host
 */
public record MeshTarget(
    ServiceName source, MeshSni name, InetSocketAddress agent, MeshProtocol protocol) {
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
