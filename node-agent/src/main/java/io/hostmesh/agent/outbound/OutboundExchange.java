package io.hostmesh.agent.outbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.connection.Accepted;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.inbound.InProcess;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.Idempotence;
import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.agent.protocol.SpokenVersion;
import io.hostmesh.agent.routing.RouteTable;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.model.rules.RouteRule;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/** A request of a local service to a service of the mesh. */
final class OutboundExchange extends HttpExchange implements Resolution.Asker, RouteTable.Headers {
  private final OutboundHttp connection;
  private final Resolution resolution;
  private @Nullable Endpoint endpoint;
  private @Nullable Failure ambiguous;

  OutboundExchange(HttpCaller caller, HttpRequest head, OutboundHttp connection) {
    super(caller, head);
    this.connection = connection;
    this.resolution = new Resolution(connection.sender(), connection.call().pair().service());
  }

  @Override
  protected void admit() {
    HttpHeaders headers = head.headers();
    MeshHeaders.strip(headers);
    TraceHeaders.complete(headers, connection.sender().random());
    resolution.first(connection.upstreams().loop(), this);
  }

  @Override
  public RouteRule.@Nullable Subset decide(RouteTable route) {
    if (!route.readsPaths()) {
      return route.decide("", this, connection.sender().random());
    }
    return switch (RequestPath.read(head.uri())) {
      case RequestPath.Reading.Normal normal -> {
        head.setUri(normal.target());
        yield route.decide(normal.path(), this, connection.sender().random());
      }
      case RequestPath.Reading.Ambiguous(String why) -> {
        ambiguous =
            new Failure(
                Failure.Kind.MALFORMED,
                connection.call().pair().service()
                    + " is routed by paths, and the path "
                    + RequestPath.shown(RequestPath.of(head.uri()))
                    + " "
                    + why
                    + ", which applications read in different ways");
        yield null;
      }
    };
  }

  /** The request's headers, as the route asks for them. */
  @Override
  public @Nullable String get(String lowerCaseName) {
    return head.headers().get(lowerCaseName);
  }

  @Override
  public void found(Resolution.Next next) {
    if (ambiguous != null) {
      refuse(ambiguous);
      return;
    }
    switch (next) {
      case Resolution.Next.None none -> refuse(none.failure());
      case Resolution.Next.To to -> send(to.candidate().endpoint());
    }
  }

  private void send(Endpoint to) {
    endpoint = to;
    if (connection.undeclared()) {
      SpokenVersion.tell(head.headers(), connection.http2() && to.mesh().isPresent());
    }
    switch (connection.sender().way(to, connection.call().pair())) {
      case Sender.Way.Mesh way -> connection.upstreams().mesh(way.target(), this);
      case Sender.Way.SameHost way -> InProcess.open(connection.toNeighbour(way.instance()), this);
      case Sender.Way.Plain way ->
          connection.upstreams().application(way.application(), connection.http2(), false, this);
    }
  }

  @Override
  protected boolean again(Failure why) {
    return switch (resolution.after(why)) {
      case Resolution.Next.None _ -> false;
      case Resolution.Next.To to -> {
        send(to.candidate().endpoint());
        yield true;
      }
    };
  }

  /** Where the other agent's host is gone; an application's own end is answered by its agent. */
  @Override
  protected boolean repeatable(Failure why) {
    return why.kind() == Failure.Kind.UPSTREAM_CLOSED && Idempotence.of(head.method());
  }

  @Override
  protected void answering(HttpResponse response) {
    resolution.reached();
  }

  @Override
  protected void ended(Outcome outcome) {
    resolution.release();
    connection.sender().telemetry().request(connection.meters(head), outcome, this::details);
  }

  private Telemetry.Details details() {
    Endpoint to = endpoint;
    return Telemetry.Details.request(
        to == null ? "-" : to.instance(),
        to == null ? "-" : Accepted.text(to.mesh().orElse(to.application())),
        head.method().name(),
        head.uri(),
        head.headers().get("x-request-id", "-"),
        resolution.rule());
  }
}
