package io.hostmesh.agent.outbound;

import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.inbound.InProcess;
import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.SpokenVersion;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.HttpMeters;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.netty.handler.codec.http.HttpRequest;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one captured connection, and what is the same for all of them. Used by its event
 * loop only.
 */
final class OutboundHttp implements HttpService {
  private final Sender sender;
  private final Outgoing call;
  private final Destination called;
  private final Upstreams upstreams;

  /** Other services that routes led to. */
  private @Nullable Map<ServiceName, Destination> others;

  private @Nullable LocalInstance neighbour;
  private @Nullable HttpService toNeighbour;

  /**
   * A service that requests of the connection go to.
   *
   * @param http2 whether it speaks HTTP/2
   * @param undeclared whether that is only known by what the caller speaks
   */
  record Destination(ServicePair pair, boolean http2, boolean undeclared, HttpMeters meters) {}

  /**
   * @param http2 whether the service speaks HTTP/2
   * @param undeclared whether that is only known by what the caller speaks
   */
  OutboundHttp(
      Sender sender, Outgoing call, boolean http2, boolean undeclared, Upstreams upstreams) {
    this.sender = sender;
    this.call = call;
    this.upstreams = upstreams;
    this.called = destination(call.pair(), http2, undeclared);
  }

  Sender sender() {
    return sender;
  }

  Outgoing call() {
    return call;
  }

  private Destination destination(ServicePair pair, boolean http2, boolean undeclared) {
    return new Destination(
        pair, http2, undeclared, new HttpMeters(sender.telemetry().metrics(), pair.call()));
  }

  /** The service called, or another one that its route leads to. */
  Destination destination(ServiceName service) {
    return service.equals(call.pair().service()) ? called : other(service);
  }

  /** Protocols hardly ever change while a service is there, and a connection notices none. */
  private Destination other(ServiceName service) {
    Map<ServiceName, Destination> known = others;
    if (known == null) {
      known = new HashMap<>();
      others = known;
    }
    return known.computeIfAbsent(service, this::find);
  }

  private Destination find(ServiceName service) {
    Protocol protocol =
        sender.mesh().view().byName(service).map(DirectoryEntry::protocol).orElse(Protocol.AUTO);
    boolean http2 =
        switch (protocol) {
          case HTTP2, GRPC -> true;
          case HTTP -> false;
          case AUTO, TCP -> called.http2();
        };
    return destination(call.pair().to(service, sender), http2, protocol == Protocol.AUTO);
  }

  Upstreams upstreams() {
    return upstreams;
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

  /** Opens a stream to an instance, by whichever way leads there. */
  void open(Endpoint to, HttpRequest head, HttpStream.Observer observer) {
    Destination destination = destination(to.service());
    sender.checks().used(destination.pair(), upstreams);
    if (destination.undeclared()) {
      SpokenVersion.tell(head.headers(), destination.http2() && to.mesh().isPresent());
    }
    switch (sender.way(to, destination.pair())) {
      case Sender.Way.Mesh way -> upstreams.mesh(way.target(), observer);
      case Sender.Way.SameHost way -> InProcess.open(toNeighbour(way.instance()), observer);
      case Sender.Way.Plain way ->
          upstreams.application(way.application(), destination.http2(), false, observer);
    }
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
