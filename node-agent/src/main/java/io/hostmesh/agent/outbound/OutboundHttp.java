package io.hostmesh.agent.outbound;

import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.handler.codec.http.HttpRequest;

/** The requests of one captured connection. */
record OutboundHttp(Sender sender, Outgoing call, boolean http2, Upstreams upstreams)
    implements HttpService {
  @Override
  public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
    return new OutboundExchange(caller, head, this);
  }

  @Override
  public void refused(Failure failure) {
    sender.telemetry().refused("outbound", call.peer(), failure);
  }
}
