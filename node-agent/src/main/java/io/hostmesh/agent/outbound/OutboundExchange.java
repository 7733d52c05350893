package io.hostmesh.agent.outbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.inbound.InProcess;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.Idempotence;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.MeshProtocol;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;

/** A request of a local service to a service of the mesh. */
final class OutboundExchange extends HttpExchange {
  private final OutboundHttp connection;
  private final Resolution resolution;
  private String instance = "-";
  private String address = "-";

  OutboundExchange(HttpCaller caller, HttpRequest head, OutboundHttp connection) {
    super(caller, head);
    this.connection = connection;
    Sender sender = connection.sender();
    this.resolution =
        new Resolution(
            sender.mesh(),
            sender.members(),
            sender.random(),
            connection.call().destination().name());
  }

  @Override
  protected void admit() {
    HttpHeaders headers = head.headers();
    headers.remove("x-forwarded-client-cert");
    ReportedFailure.remove(headers);
    TraceHeaders.complete(headers, connection.sender().random());
    String path = RequestPath.of(head.uri());
    resolution.first(
        connection.upstreams().loop(),
        route -> route.decide(path, headers::get, connection.sender().random()),
        this::go);
  }

  private void go(Resolution.Next next) {
    switch (next) {
      case Resolution.Next.None none -> refuse(none.failure());
      case Resolution.Next.To to -> send(to.candidate().endpoint());
    }
  }

  private void send(Endpoint endpoint) {
    Sender sender = connection.sender();
    instance = endpoint.instance();
    address =
        io.hostmesh.agent.connection.Accepted.text(endpoint.mesh().orElse(endpoint.application()));
    switch (sender.way(endpoint, connection.call(), MeshProtocol.HTTP)) {
      case Sender.Way.Mesh way -> connection.upstreams().mesh(way.target(), this);
      case Sender.Way.SameHost way ->
          InProcess.open(
              sender.receiver().http(way.origin(), way.instance(), connection.upstreams()), this);
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
    Call call =
        new Call(
            Call.Reporter.SOURCE,
            java.util.Optional.of(connection.call().source()),
            connection.call().destination(),
            connection.http2() ? "grpc" : "http",
            true);
    connection
        .sender()
        .telemetry()
        .request(
            call,
            outcome,
            new Telemetry.Details(
                instance,
                address,
                head.method().name(),
                head.uri(),
                head.headers().get("x-request-id", "-"),
                resolution.rule()));
  }
}
