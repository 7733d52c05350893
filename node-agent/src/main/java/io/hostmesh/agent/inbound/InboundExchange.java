package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.agent.protocol.SpokenVersion;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.model.Protocol;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Optional;

/** A request to an instance of this host. */
final class InboundExchange extends HttpExchange implements Request.Fields {
  private static final System.Logger LOG = System.getLogger(InboundExchange.class.getName());
  private static final int MAX_REFUSED = 5;
  private static final AsciiString FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
  private static final AsciiString FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
  private static final AsciiString CLIENT_CERT = AsciiString.cached("x-forwarded-client-cert");
  private static final AsciiString HTTP = AsciiString.cached("http");

  private final InboundHttp connection;
  private boolean http2;
  private int repeated;
  private Verdict verdict = Verdict.OPEN;

  InboundExchange(HttpCaller caller, HttpRequest head, InboundHttp connection) {
    super(caller, head);
    this.connection = connection;
  }

  @Override
  protected void admit() {
    LocalInstance instance = connection.instance();
    if (instance.protocol() == Protocol.TCP) {
      refuse(
          new Failure(
              Failure.Kind.NOT_IMPLEMENTED,
              instance.service() + " is declared as tcp and takes connections, not requests"));
      return;
    }
    boolean spoken = SpokenVersion.takeHttp2(head.headers());
    http2 =
        switch (instance.protocol()) {
          case HTTP2, GRPC -> true;
          case HTTP, TCP -> false;
          case AUTO -> spoken;
        };
    Receiver receiver = connection.receiver();
    verdict =
        Access.request(
            receiver.mesh().view(), connection.origin(), instance, head, this, Optional.empty());
    receiver.count(verdict);
    Optional<Failure> refused = Access.failure(verdict);
    if (refused.isPresent()) {
      refuse(refused.get());
      return;
    }
    if (connection.origin().caller().isEmpty()) {
      receiver.telemetry().metrics().plaintext(instance.service());
    }
    forward();
    connection.open(http2, false, this);
  }

  /** The values of a header, for rules that ask for it. */
  @Override
  public List<String> values(String lowerCaseName) {
    return head.headers().getAll(lowerCaseName);
  }

  /** What the application is told of the caller; what a caller says of itself is taken out. */
  private void forward() {
    HttpHeaders headers = head.headers();
    MeshHeaders.strip(headers);
    String certificate = connection.clientCertificate();
    if (certificate != null) {
      headers.set(CLIENT_CERT, certificate);
    }
    String peer = connection.origin().address();
    List<String> before = headers.getAll(FORWARDED_FOR);
    // Whoever counts from the right finds what agents have seen, whatever a caller wrote before.
    headers.set(FORWARDED_FOR, before.isEmpty() ? peer : String.join(", ", before) + ", " + peer);
    if (!headers.contains(FORWARDED_PROTO)) {
      headers.set(FORWARDED_PROTO, HTTP);
    }
  }

  /**
   * Only for a connection that the application had just closed, and for a stream that it did not
   * take, since it drains its connection or has enough of them.
   */
  @Override
  protected boolean again(Failure why) {
    int most =
        switch (why.kind()) {
          case UPSTREAM_CLOSED -> 1;
          case UPSTREAM_RESET -> MAX_REFUSED;
          default -> 0;
        };
    if (repeated >= most) {
      return false;
    }
    repeated++;
    connection.open(http2, true, this);
    return true;
  }

  @Override
  protected boolean reportsFailures() {
    return connection.origin().fromAgent();
  }

  @Override
  protected void answering(HttpResponse response) {}

  @Override
  protected void ended(Outcome outcome) {
    if (outcome.failure().isPresent()
        && outcome.failure().get().kind() == Failure.Kind.LISTENER_REFUSED) {
      LOG.log(System.Logger.Level.ERROR, outcome.failure().get().sentence());
    }
    connection
        .receiver()
        .telemetry()
        .request(connection.meters(http2, head), outcome, this::details);
  }

  private Telemetry.Details details() {
    LocalInstance instance = connection.instance();
    return Telemetry.Details.request(
            instance.id(),
            connection.origin().address(),
            head.method().name(),
            head.uri(),
            head.headers().get("x-request-id", "-"),
            verdict.by().rule())
        .noting(verdict.notes());
  }
}
