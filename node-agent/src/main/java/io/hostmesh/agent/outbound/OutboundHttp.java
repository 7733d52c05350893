package io.hostmesh.agent.outbound;

import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.HttpMeters;
import io.hostmesh.agent.telemetry.RequestMeters;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.handler.codec.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one captured connection, and what is the same for all of them. Used by its event
 * loop only.
 */
final class OutboundHttp implements HttpService {
  private final Sender sender;
  private final Outgoing call;
  private final boolean http2;
  private final boolean undeclared;
  private final Upstreams upstreams;
  private final HttpMeters meters;
  private @Nullable LocalInstance neighbour;
  private @Nullable HttpService toNeighbour;

  /**
   * @param http2 whether the service speaks HTTP/2
   * @param undeclared whether that is only known by what the caller speaks
   */
  OutboundHttp(
      Sender sender, Outgoing call, boolean http2, boolean undeclared, Upstreams upstreams) {
    this.sender = sender;
    this.call = call;
    this.http2 = http2;
    this.undeclared = undeclared;
    this.upstreams = upstreams;
    this.meters = new HttpMeters(sender.telemetry().metrics(), call.pair().call());
  }

  Sender sender() {
    return sender;
  }

  Outgoing call() {
    return call;
  }

  boolean http2() {
    return http2;
  }

  boolean undeclared() {
    return undeclared;
  }

  Upstreams upstreams() {
    return upstreams;
  }

  RequestMeters meters(HttpRequest head) {
    return meters.of(head.headers());
  }

  /** Our own inbound stage, for an instance of this host. */
  @SuppressWarnings("ReferenceEquality") // An instance that is declared anew is another object.
  HttpService toNeighbour(LocalInstance instance) {
    HttpService known = toNeighbour;
    if (known == null || neighbour != instance) {
      known = sender.receiver().http(Sender.origin(call), instance, upstreams);
      neighbour = instance;
      toNeighbour = known;
    }
    return known;
  }

  @Override
  public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
    return new OutboundExchange(caller, head, this);
  }

  @Override
  public void refused(Failure failure) {
    sender.telemetry().refused("outbound", call.peer(), failure);
  }
}
