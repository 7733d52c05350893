package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.EndUser;
import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.enduser.EndUsers;
import io.hostmesh.agent.limit.Judgement;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.agent.protocol.SpokenVersion;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A request to an instance of this host. */
final class InboundExchange extends HttpExchange implements Request.Fields, LiveCalls.Live {
  private static final System.Logger LOG = System.getLogger(InboundExchange.class.getName());
  private static final int MAX_REFUSED = 5;
  private static final AsciiString FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
  private static final AsciiString FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
  private static final AsciiString CLIENT_CERT = AsciiString.cached("x-forwarded-client-cert");
  private static final AsciiString HTTP = AsciiString.cached("http");

  private final InboundHttp connection;

  /** One for all decisions: a request never meets half a change. */
  private final MeshView view;

  private @Nullable String challenge;
  private @Nullable ExternalJudges asked;
  private @Nullable Judgement limited;
  private boolean http2;
  private int repeated;
  private Verdict verdict = Verdict.OPEN;
  private Optional<EndUser> user = Optional.empty();
  private int slot = -1;

  InboundExchange(HttpCaller caller, HttpRequest head, InboundHttp connection) {
    super(caller, head);
    this.connection = connection;
    this.view = connection.receiver().mesh().view();
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
    authenticate(false);
  }

  /**
   * Who the end user is, where the service asks for that.
   *
   * @param waited whether keys were waited for
   */
  private void authenticate(boolean waited) {
    AuthenticationRule rule = view.authentication(connection.instance().service()).orElse(null);
    if (rule == null) {
      judge(Optional.empty());
      return;
    }
    switch (connection.receiver().endUsers().find(rule, head.headers(), waited)) {
      case EndUsers.Finding.Nobody _ -> {
        EndUsers.forward(rule, null, head.headers());
        judge(Optional.empty());
      }
      case EndUsers.Finding.Known known -> {
        EndUsers.forward(rule, known, head.headers());
        judge(Optional.of(known.user()));
      }
      case EndUsers.Finding.Refused(String demand, String sentence) -> {
        challenge = demand;
        refuse(
            new Failure(
                Failure.Kind.UNAUTHENTICATED,
                connection.instance().service() + " wants to know its end users: " + sentence));
      }
      case EndUsers.Finding.Later(CompletableFuture<?> keys) -> {
        var _ = keys.whenComplete((_, _) -> connection.loop().execute(this::authenticateAgain));
      }
    }
  }

  private void authenticateAgain() {
    if (!isOver()) {
      authenticate(true);
    }
  }

  private void judge(Optional<EndUser> user) {
    Receiver receiver = connection.receiver();
    this.user = user;
    verdict = judge(receiver.mesh().view());
    receiver.count(verdict);
    Optional<Failure> refused = Access.failure(verdict);
    if (refused.isPresent()) {
      refuse(refused.get());
      return;
    }
    if (isOverLimit()) {
      return;
    }
    if (connection.origin().caller().isEmpty()) {
      receiver.letInPlaintext(connection.origin(), connection.instance());
    }
    forward();
    connection.live().add(this);
    List<ExternalAuthorizationRule> rules = view.external(connection.instance().service());
    if (rules.isEmpty()) {
      connection.open(http2, false, this);
    } else {
      asked = new ExternalJudges(connection, head, http2, rules, judged);
      asked.ask();
    }
  }

  /** Judges by the service's limits, which who may not call takes nothing from. */
  private boolean isOverLimit() {
    LimitTable limits = view.limits(connection.instance().service()).orElse(null);
    if (limits == null) {
      return false;
    }
    String path = "";
    if (limits.readsPaths()) {
      switch (RequestPath.read(head.uri())) {
        case RequestPath.Reading.Normal normal -> {
          head.setUri(normal.target());
          path = normal.path();
        }
        case RequestPath.Reading.Ambiguous(String why) -> {
          refuse(ambiguous(why));
          return true;
        }
      }
    }
    Judgement judged = limits.request(asking(path), System.nanoTime());
    limited = judged;
    connection.receiver().count(judged);
    verdict = judged.on(verdict);
    Optional<Failure> over = Access.failure(verdict);
    over.ifPresent(this::refuse);
    return over.isPresent();
  }

  private Asking asking(String path) {
    return new Asking(
        connection.origin(),
        connection.instance(),
        connection.receiver().settings().trustDomain(),
        head.method().name(),
        path,
        head.uri(),
        this);
  }

  private Failure ambiguous(String why) {
    return new Failure(
        Failure.Kind.MALFORMED,
        connection.instance().service()
            + " has limits by path, and "
            + RequestPath.ambiguity(head.uri(), why));
  }

  // While it is under way.

  @Override
  public Origin origin() {
    return connection.origin();
  }

  @Override
  public LocalInstance instance() {
    return connection.instance();
  }

  @Override
  public boolean lasts() {
    return isTunnel();
  }

  @Override
  public Verdict judge(MeshView view) {
    return connection
        .receiver()
        .revoked(connection.origin(), connection.instance())
        .orElseGet(
            () ->
                Access.request(view, connection.origin(), connection.instance(), head, this, user));
  }

  @Override
  public void revoke(Verdict denied, Failure why) {
    connection.receiver().count(denied);
    verdict = denied;
    revoke(why);
  }

  @Override
  public int slot() {
    return slot;
  }

  @Override
  public void slot(int place) {
    slot = place;
  }

  /** The values of a header, for rules that ask for it. */
  @Override
  public List<String> values(String lowerCaseName) {
    return head.headers().getAll(lowerCaseName);
  }

  /** What the authorisers say in the end. */
  private final ExternalJudges.Asker judged =
      new ExternalJudges.Asker() {
        @Override
        public void allowed() {
          connection.open(http2, false, InboundExchange.this);
        }

        @Override
        public void refused(Failure why) {
          refuse(why);
        }

        @Override
        public void denied(Failure why, FullHttpResponse words) {
          refuse(why, words);
        }
      };

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
  protected void answering(HttpResponse response) {
    String demand = challenge;
    if (demand != null) {
      response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, demand);
    }
    if (asked != null) {
      asked.answering(response.headers());
    }
    if (limited != null) {
      RateHeaders.put(limited, response.headers());
    }
  }

  @Override
  protected void ended(Outcome outcome) {
    if (asked != null) {
      asked.cancel();
    }
    connection.live().remove(this);
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
