package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.Protocol;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import java.util.Optional;

/** A request to an instance of this host. */
final class InboundExchange extends HttpExchange {
  private static final System.Logger LOG = System.getLogger(InboundExchange.class.getName());

  private final Receiver receiver;
  private final Origin origin;
  private final LocalInstance instance;
  private final Upstreams upstreams;
  private boolean repeated;

  InboundExchange(
      HttpCaller caller,
      HttpRequest head,
      Receiver receiver,
      Origin origin,
      LocalInstance instance,
      Upstreams upstreams) {
    super(caller, head);
    this.receiver = receiver;
    this.origin = origin;
    this.instance = instance;
    this.upstreams = upstreams;
  }

  @Override
  protected void admit() {
    if (!instance.protocol().isHttp()) {
      refuse(
          new Failure(
              Failure.Kind.NOT_IMPLEMENTED,
              instance.service() + " is declared as tcp and takes connections, not requests"));
      return;
    }
    Optional<Failure> refused =
        Access.request(
            receiver.mesh().view(),
            origin,
            instance,
            head.method().name(),
            RequestPath.of(head.uri()));
    if (refused.isPresent()) {
      refuse(refused.get());
      return;
    }
    if (origin.caller().isEmpty()) {
      receiver.telemetry().metrics().plaintext(instance.service());
    }
    forward();
    open(false);
  }

  private void open(boolean fresh) {
    boolean http2 = instance.protocol() == Protocol.HTTP2 || instance.protocol() == Protocol.GRPC;
    upstreams.application(receiver.application(origin, instance), http2, fresh, this);
  }

  /** What the application is told of the caller; what a caller says of itself is taken out. */
  private void forward() {
    HttpHeaders headers = head.headers();
    ReportedFailure.remove(headers);
    headers.remove("x-forwarded-client-cert");
    origin
        .caller()
        .ifPresent(
            id ->
                headers.set(
                    "x-forwarded-client-cert",
                    "By=" + call().destination().uri() + ";URI=" + id.uri()));
    String before = headers.get("x-forwarded-for");
    headers.set("x-forwarded-for", before == null ? origin.peer() : before + ", " + origin.peer());
    if (!headers.contains("x-forwarded-proto")) {
      headers.set("x-forwarded-proto", "http");
    }
  }

  private Call call() {
    boolean grpc = instance.protocol() == Protocol.GRPC;
    return receiver.call(origin, instance, grpc ? "grpc" : "http");
  }

  /** Only for a connection that the application had just closed. */
  @Override
  protected boolean again(Failure why) {
    if (repeated || why.kind() != Failure.Kind.UPSTREAM_CLOSED) {
      return false;
    }
    repeated = true;
    open(true);
    return true;
  }

  @Override
  protected boolean reportsFailures() {
    return origin.fromAgent();
  }

  @Override
  protected void answering(HttpResponse response) {}

  @Override
  protected void ended(Outcome outcome) {
    if (outcome.failure().map(f -> f.kind() == Failure.Kind.LISTENER_REFUSED).orElse(false)) {
      LOG.log(System.Logger.Level.ERROR, outcome.failure().get().sentence());
    }
    receiver
        .telemetry()
        .request(
            call(),
            outcome,
            new Telemetry.Details(
                instance.id(),
                origin.peer(),
                head.method().name(),
                head.uri(),
                head.headers().get("x-request-id", "-"),
                receiver.rule(instance)));
  }
}
