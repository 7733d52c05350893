package io.hostmesh.agent.outbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.balance.GrpcStatus;
import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.connection.Accepted;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.protocol.DirectAnswer;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.Idempotence;
import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.agent.protocol.Tunnels;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.tries.Fault;
import io.hostmesh.model.routing.Query;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.Cors;
import io.hostmesh.model.rules.FaultPolicy;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.MirrorPolicy;
import io.hostmesh.model.rules.NormalPath;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Sending;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A request of a local service to a service of the mesh. */
final class OutboundExchange extends HttpExchange implements Resolution.Asker, Asked {
  private static final String GRPC_STATUS = "grpc-status";

  private final OutboundHttp connection;
  private final Resolution resolution;
  private @Nullable Endpoint endpoint;
  private @Nullable Failure ambiguous;
  private String path = "";

  /** What the entry makes of the path, where it does. */
  private String rewritten = "";

  private RouteRule.@Nullable Entry entry;
  private Handling handling = Handling.NONE;
  private @Nullable TriedStream tried;
  private @Nullable Deadline deadline;
  private @Nullable ScheduledFuture<?> pause;
  private @Nullable MirrorCopy mirrored;
  private boolean delayed;
  private @Nullable String origin;
  private @Nullable Query query;
  private String headerAsked = "";
  private List<String> headerValues = List.of();

  private boolean mayBeGrpc;

  /** What a gRPC call ended with, as HTTP's; 0 for none. */
  private int grpcStatus;

  OutboundExchange(HttpCaller caller, HttpRequest head, OutboundHttp connection) {
    super(caller, head);
    this.connection = connection;
    this.resolution =
        new Resolution(connection.sender(), connection.call().pair().service(), Load.Kind.REQUESTS);
  }

  @Override
  protected void admit() {
    HttpHeaders headers = head.headers();
    MeshHeaders.stripCallers(headers);
    TraceHeaders.complete(headers, connection.sender().random());
    resolution.first(connection.upstreams().loop(), this);
  }

  @Override
  public RouteTable.@Nullable Decision decide(RouteTable route) {
    if (route.readsPaths()) {
      switch (RequestPath.read(head.uri())) {
        case RequestPath.Reading.Normal normal -> {
          head.setUri(normal.target());
          path = normal.path();
        }
        case RequestPath.Reading.Ambiguous(String why) -> {
          ambiguous =
              new Failure(
                  Failure.Kind.MALFORMED,
                  connection.call().pair().service()
                      + " is routed by paths, and "
                      + RequestPath.ambiguity(head.uri(), why));
          return null;
        }
      }
    }
    RouteTable.Decision decision = route.decide(this, connection.sender().random());
    if (decision == null) {
      return null;
    }
    entry = decision.entry();
    handling = entry.handling();
    if (entry.rewrite().isPresent()) {
      switch (entry.rewritten(path)) {
        case NormalPath.Reading.Normal(NormalPath made) -> rewritten = made.forwarded();
        case NormalPath.Reading.Ambiguous(String why) -> {
          ambiguous =
              new Failure(
                  Failure.Kind.MALFORMED,
                  decision.label()
                      + " rewrites the path "
                      + RequestPath.shown(path)
                      + " to one that "
                      + why);
          return null;
        }
      }
    }
    limit(ageNanos()); // Before anybody waits for endpoints.
    return decision;
  }

  /**
   * Begins the time of the request, where its route has one.
   *
   * @param passedNanos of it that have passed
   */
  private void limit(long passedNanos) {
    Duration timeout = handling.sending().timeout().orElse(null);
    if (timeout != null) {
      deadline =
          Deadline.start(
              timeout, passedNanos, head.headers(), connection.upstreams().loop(), this::late);
    }
  }

  private void stopDeadline() {
    if (deadline != null) {
      deadline.stop();
    }
  }

  // The request, as the route asks about it.

  @Override
  public Outgoing call() {
    return connection.call();
  }

  @Override
  public Sender sender() {
    return connection.sender();
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public String method() {
    return head.method().name();
  }

  @Override
  public @Nullable String host() {
    return head.headers().get(HttpHeaderNames.HOST);
  }

  @Override
  public @Nullable String header(String lowerCaseName) {
    return head.headers().get(lowerCaseName);
  }

  @Override
  public @Nullable String cookie(String name) {
    return Cookies.value(head.headers().getAll(HttpHeaderNames.COOKIE), name);
  }

  @Override
  public @Nullable String query(String name) {
    List<String> values = queryValues(name);
    return values.isEmpty() ? null : values.getFirst();
  }

  @Override
  public List<String> queryValues(String name) {
    Query known = query;
    if (known == null) {
      known = Query.of(head.uri());
      query = known;
    }
    return known.values(name);
  }

  /** Many entries of a route mostly ask for the same header: the last answer is kept. */
  @Override
  @SuppressWarnings({
    "ReferenceEquality",
    "StringEquality"
  }) // Another object is only looked up again.
  public List<String> headerValues(String lowerCaseName) {
    if (lowerCaseName != headerAsked) {
      headerAsked = lowerCaseName;
      headerValues = head.headers().getAll(lowerCaseName);
    }
    return headerValues;
  }

  @Override
  public void found(Resolution.Next next) {
    if (isOver()) { // The caller went, or the time was over, while endpoints were waited for.
      resolution.release();
      return;
    }
    if (ambiguous != null) {
      resolution.release(); // Nobody else is to be taken for who answered.
      refuse(ambiguous);
      return;
    }
    Cors cors = handling.cors().orElse(null);
    if (cors != null) {
      origin = head.headers().get(HttpHeaderNames.ORIGIN);
      FullHttpResponse preflight = RouteAnswers.preflight(cors, head).orElse(null);
      if (preflight != null) {
        resolution.release();
        respond(preflight);
        return;
      }
    }
    switch (next) {
      case Resolution.Next.None none -> refuse(none.failure());
      case Resolution.Next.Answer(RouteTable.Decision decision) ->
          respond(RouteAnswers.of(decision.entry(), head, rewritten));
      case Resolution.Next.To to -> {
        Fault fault = fault(handling.sending().fault().orElse(null));
        if (entry != null) {
          Rewrites.apply(entry, head, rewritten);
        }
        if (handling.sending().isPlain()) {
          send(to.candidate().endpoint());
        } else if (fault == null) {
          send(handling.sending());
        } else {
          meet(fault);
        }
      }
    }
  }

  private void send(Endpoint to) {
    endpoint = to;
    mayBeGrpc = connection.destination(to.service()).http2();
    connection.open(to, head, this);
  }

  private @Nullable Fault fault(@Nullable FaultPolicy policy) {
    return policy == null
        ? null
        : Fault.draw(
            policy,
            DirectAnswer.isGrpc(head.headers()),
            this::headerValues,
            connection.sender().random());
  }

  /** A rule's fault, before the request is sent anywhere. */
  private void meet(Fault fault) {
    resolution.release();
    if (fault.delayNanos() == 0) {
      proceed(fault);
    } else {
      delayed = true;
      stopDeadline(); // Its time begins behind the delay.
      connection.sender().telemetry().metrics().tries().faulted(resolution.service(), "delay");
      pause =
          connection
              .upstreams()
              .loop()
              .schedule(() -> proceed(fault), fault.delayNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void proceed(Fault fault) {
    FaultPolicy.Abort abort = fault.abort();
    if (abort != null) {
      connection.sender().telemetry().metrics().tries().faulted(resolution.service(), "abort");
      Failure why =
          new Failure(
              Failure.Kind.FAULT_ABORTED, "a fault of " + resolution.rule() + ", made by the mesh");
      refuseAs(
          why,
          DirectAnswer.of(
              abort.status().orElse(why.kind().status()),
              abort.grpcStatus().orElse(-1),
              why.sentence(),
              head.headers()));
    } else if (resolution.anew() instanceof Resolution.Next.None(Failure none)) {
      refuse(none);
    } else {
      limit(0);
      send(handling.sending());
    }
  }

  @Override
  public boolean isHeldBack() {
    return pause != null && !pause.isDone();
  }

  private void mirror(MirrorPolicy policy) {
    if (Fault.holds(policy.share(), connection.sender().random())) {
      MirrorCopy copy =
          MirrorCopy.begin(
              connection,
              head,
              policy.service().orElse(connection.call().pair().service()),
              policy.subset().orElse(null));
      mirrored = copy;
      if (copy != null) {
        eachWaiting(copy::offer);
      }
    }
  }

  @Override
  protected void arrived(HttpContent part) {
    if (mirrored != null) {
      mirrored.offer(part);
    }
  }

  /** By a route that says how. */
  private void send(Sending how) {
    if (how.mirror().isPresent() && !Tunnels.isAskedFor(head)) {
      mirror(how.mirror().get());
    }
    if (deadline != null) {
      deadline.tell(head.headers());
    }
    Endpoint to = resolution.endpoint();
    if (to != null && (!how.repeats() || Tunnels.isAskedFor(head))) {
      send(to);
      return;
    }
    Members.Candidate first = resolution.take();
    if (first != null) {
      tried = TriedRoad.stream(connection, resolution, how, head, deadline, this::sentTo, this);
      tried.start(first);
    }
  }

  private void sentTo(Endpoint to) {
    endpoint = to;
    mayBeGrpc = connection.destination(to.service()).http2();
  }

  private void late() {
    Deadline over = deadline;
    if (over != null && !isTunnel()) {
      Failure why =
          new Failure(
              Failure.Kind.TIMEOUT,
              resolution.service()
                  + " did not answer within "
                  + over.time().toMillis()
                  + " ms, the timeout of this request");
      if (tried == null) {
        resolution.lost(why);
      } else {
        tried.late(why);
      }
      revoke(why);
    }
  }

  @Override
  protected boolean again(Failure why) {
    if (tried == null
        && resolution.after(why) instanceof Resolution.Next.To(Members.Candidate candidate)) {
      send(candidate.endpoint());
      return true;
    }
    return false;
  }

  /** Where the other agent's host is gone; an application's own end is answered by its agent. */
  @Override
  protected boolean repeatable(Failure why) {
    return why.kind() == Failure.Kind.UPSTREAM_CLOSED && Idempotence.of(head.method());
  }

  @Override
  protected void answering(HttpResponse response) {
    if (endpoint != null) {
      resolution.reached();
    }
    if (tried != null && tried.exhausted()) {
      note(
          new Failure(
              Failure.Kind.RETRIES_EXHAUSTED,
              "tried " + tried.tries() + " times; the caller got the last answer"));
    }
    if (delayed) {
      note(
          new Failure(
              Failure.Kind.FAULT_DELAYED, "a fault of " + resolution.rule() + " delayed it"));
    }
    stay(response);
    Rewrites.change(handling.response(), response.headers());
    if (origin != null && handling.cors().isPresent()) {
      RouteAnswers.expose(handling.cors().get(), origin, response.headers());
    }
    if (mayBeGrpc) {
      trailers(response.headers()); // An answer of trailers only.
    }
  }

  /** A caller stays with who answered it, but not with who could not. */
  private void stay(HttpResponse response) {
    Members.Candidate by = tried == null ? resolution.current() : tried.chosenAt();
    if (by != null && status(response) < 500) {
      Session begun = resolution.begun(by);
      if (begun != null) {
        response.headers().add(HttpHeaderNames.SET_COOKIE, begun.cookie());
      }
    }
  }

  /** Of HTTP, or what stands for gRPC's in an answer of trailers only. */
  private int status(HttpResponse response) {
    String code = mayBeGrpc ? response.headers().get(GRPC_STATUS) : null;
    int status = code == null ? 0 : GrpcStatus.http(code);
    return status == 0 ? response.status().code() : status;
  }

  @Override
  protected void trailers(HttpHeaders trailers) {
    if (!trailers.isEmpty()) {
      String code = trailers.get(GRPC_STATUS);
      grpcStatus = code == null ? grpcStatus : GrpcStatus.http(code);
    }
  }

  @Override
  protected void lost(Failure why) {
    resolution.lost(why);
  }

  @Override
  protected void ended(Outcome outcome) {
    if (outcome.failure().isEmpty() || isOfInstance(outcome.failure().get())) {
      int answered = grpcStatus == 0 ? outcome.status() : grpcStatus;
      if (tried == null) {
        resolution.answered(answered);
      } else {
        tried.answered(answered);
      }
    }
    if (tried != null) {
      tried.close();
    }
    if (mirrored != null) {
      mirrored.requestOver();
    }
    if (pause != null) {
      pause.cancel(false);
    }
    stopDeadline();
    resolution.release();
    connection
        .sender()
        .telemetry()
        .request(
            connection.destination(resolution.service()).meters().of(head.headers()),
            outcome,
            this::details);
  }

  /** Whether it tells of the instance, by its agent's word, and not of the caller. */
  private static boolean isOfInstance(Failure reported) {
    return switch (reported.kind()) {
      case CALLER_GONE, OVERFLOW, NO_ROUTE, NO_HEALTHY_ENDPOINT, MALFORMED -> false;
      default -> true;
    };
  }

  private Telemetry.Details details() {
    Endpoint to = endpoint;
    Telemetry.Details details =
        Telemetry.Details.request(
            to == null ? "-" : to.instance(),
            to == null ? "-" : Accepted.text(to.mesh().orElse(to.application())),
            head.method().name(),
            head.uri(),
            head.headers().get("x-request-id", "-"),
            resolution.rule());
    return tried == null ? details : details.tried(tried.tries());
  }
}
