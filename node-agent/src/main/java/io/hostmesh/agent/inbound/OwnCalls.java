package io.hostmesh.agent.inbound;

import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.ServiceName;

/** Calls that the agent makes in the name of a service of this host, through the mesh. */
@FunctionalInterface
public interface OwnCalls {
  /**
   * Opens a gRPC call.
   *
   * @param from a service of this host
   * @param upstreams of the loop that the call stays on
   */
  void open(ServiceName from, ServiceName to, Upstreams upstreams, HttpStream.Observer observer);
}
