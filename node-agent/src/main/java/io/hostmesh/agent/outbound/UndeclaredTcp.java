package io.hostmesh.agent.outbound;

import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.netty.channel.socket.SocketChannel;

/**
 * A connection to a service without a declared protocol, whose first bytes are no request: where a
 * route goes by requests it is refused, since the route would not be kept. (An access rule that
 * asks for requests is the receiver's to keep.) Used by its event loop only.
 */
record UndeclaredTcp(SocketChannel channel, Sender sender, Outgoing call, Upstreams upstreams) {
  void start() {
    MeshView view = sender.mesh().view();
    if (view.endpoints(service()).isPresent()) {
      judge(view);
    } else {
      sender
          .mesh()
          .need(service(), () -> upstreams.loop().execute(() -> judge(sender.mesh().view())));
    }
  }

  private ServiceName service() {
    return call.pair().service();
  }

  private void judge(MeshView view) {
    boolean byRequest = view.route(service()).map(RouteTable::needsRequests).orElse(false);
    if (!byRequest) {
      new OutboundTcp(channel, sender, call, upstreams).start();
      return;
    }
    Failure failure =
        new Failure(
            Failure.Kind.NO_ROUTE,
            "the route of "
                + service()
                + " matches on requests, and what was sent first is none, so the connection is"
                + " refused; declare the service's protocol as tcp and take the matches out, or"
                + " send HTTP");
    sender.telemetry().refused("outbound", call.peer(), failure);
    Resets.reset(channel);
  }
}
