package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Mark;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.enduser.EndUsers;
import io.hostmesh.agent.identity.RevokedHere;
import io.hostmesh.agent.limit.Judgement;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.agent.protocol.ByteStream;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Relay;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.ConnectionMeters;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.AuthenticationRule;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The inbound stage, wherever a call comes from: judges it by the proven identity and hands it to
 * the application. Any thread; what it opens belongs to the loop of the {@link Upstreams} given.
 */
public final class Receiver {
  private static final MeshSettings NO_SETTINGS =
      new MeshSettings("unknown", "unknown", false, true);

  private final MeshSource mesh;
  private final Listeners listeners;
  private final Telemetry telemetry;
  private final CallerAddress callerAddress;
  private final EndUsers endUsers;
  private final RevokedHere revoked;
  private volatile OwnCalls ownCalls = Receiver::cannotCall;
  private final LiveCalls live;
  private final PlaintextCallers plaintext;

  /**
   * @param revoked which services of this host have no dealings with their neighbours
   */
  public Receiver(
      MeshSource mesh,
      Listeners listeners,
      Telemetry telemetry,
      CallerAddress callerAddress,
      EndUsers endUsers,
      RevokedHere revoked) {
    this.mesh = mesh;
    this.live = new LiveCalls(mesh);
    this.plaintext = new PlaintextCallers(telemetry.clock());
    this.listeners = listeners;
    this.telemetry = telemetry;
    this.callerAddress = callerAddress;
    this.endUsers = endUsers;
    this.revoked = revoked;
  }

  private static void cannotCall(
      ServiceName from, ServiceName to, Upstreams upstreams, HttpStream.Observer observer) {
    observer.failed(
        new Failure(Failure.Kind.NO_ROUTE, "there is no outbound stage to call " + to), true);
  }

  /** Says how calls are made in the name of services; before the first request. */
  public void callThrough(OwnCalls calls) {
    ownCalls = calls;
  }

  OwnCalls ownCalls() {
    return ownCalls;
  }

  EndUsers endUsers() {
    return endUsers;
  }

  Instant now() {
    return telemetry.clock().instant();
  }

  MeshSource mesh() {
    return mesh;
  }

  /** The calls that are under way. */
  public LiveCalls live() {
    return live;
  }

  Telemetry telemetry() {
    return telemetry;
  }

  /** The requests of one connection to an instance. */
  public HttpService http(Origin origin, LocalInstance instance, Upstreams upstreams) {
    return new InboundHttp(this, origin, instance, upstreams);
  }

  Application application(Origin origin, LocalInstance instance) {
    return new Application(
        instance.toString(),
        instance.application(),
        callerAddress.of(origin.address(), instance.application().getAddress()),
        new Gate(listeners, instance));
  }

  /** Lets through to the instance's own listener only. */
  private record Gate(Listeners listeners, LocalInstance instance) implements Application.Gate {
    @Override
    public Optional<String> refusal(InetSocketAddress local, InetSocketAddress remote) {
      return listeners.refusal(instance, local, remote);
    }

    @Override
    public void judge(
        InetSocketAddress local,
        InetSocketAddress remote,
        EventLoop loop,
        Consumer<Optional<String>> then) {
      listeners.judge(instance, local, remote, loop, then);
    }
  }

  MeshSettings settings() {
    return mesh.view().settings().orElse(NO_SETTINGS);
  }

  static Call call(MeshSettings settings, Origin origin, LocalInstance instance, String protocol) {
    return new Call(
        Call.Reporter.DESTINATION,
        origin.caller(),
        SpiffeId.Service.of(settings.trustDomain(), settings.datacenter(), instance.service()),
        protocol,
        origin.secured());
  }

  /** A connection to an application, reached and not read yet. To be joined at once. */
  public static final class Accepted {
    private final LiveConnection connection;
    private final ByteStream application;
    private final Relay.Ended ended;

    Accepted(LiveConnection connection, ByteStream application, Relay.Ended ended) {
      this.connection = connection;
      this.application = application;
      this.ended = ended;
    }

    /**
     * Begins to move bytes.
     *
     * @param also is told of the end as well
     */
    public void join(ByteStream caller, Relay.Ended also) {
      connection.relayed(
          Relay.join(
              caller,
              application,
              result -> {
                ended.ended(result);
                also.ended(result);
              }));
    }
  }

  /**
   * A bare connection to an instance.
   *
   * @param accepted the connection, not read yet, or an {@link UpstreamException}
   */
  public void tcp(
      Origin origin, LocalInstance instance, Upstreams upstreams, Promise<Accepted> accepted) {
    ConnectionMeters meters =
        telemetry.metrics().connections(call(settings(), origin, instance, Call.TCP));
    long begin = System.nanoTime();
    LiveCalls.OnLoop here = live.on(upstreams.loop(), instance);
    Verdict access = judge(mesh.view(), origin, instance);
    count(access);
    Verdict verdict = limited(access, origin, instance);
    Optional<Failure> refused = Access.failure(verdict);
    if (refused.isPresent()) {
      fail(meters, origin, instance, verdict, refused.get(), accepted, begin);
      return;
    }
    if (origin.caller().isEmpty()) {
      letInPlaintext(origin, instance);
    }
    LiveConnection connection =
        new LiveConnection(origin, instance, verdict, view -> judge(view, origin, instance));
    here.add(connection);
    Promise<ByteStream> dialled = upstreams.loop().newPromise();
    dialled.addListener(
        done -> {
          Failure revoked = connection.revoked();
          if (!done.isSuccess() || revoked != null) {
            here.remove(connection);
            Failure why =
                revoked != null ? revoked : UpstreamException.of(done.cause(), instance.toString());
            if (done.isSuccess()) {
              dialled.getNow().reset();
            }
            fail(meters, origin, instance, connection.verdict(), why, accepted, begin);
            return;
          }
          meters.opened();
          accepted.setSuccess(
              new Accepted(
                  connection,
                  dialled.getNow(),
                  result -> {
                    here.remove(connection);
                    report(meters, origin, instance, connection.verdict(), result, begin);
                  }));
        });
    upstreams.dial(application(origin, instance), dialled);
  }

  /** What limits say of a connection that rules let in. */
  private Verdict limited(Verdict access, Origin origin, LocalInstance instance) {
    LimitTable limits = mesh.view().limits(instance.service()).orElse(null);
    if (limits == null || access instanceof Verdict.Denied) {
      return access;
    }
    Judgement judged =
        limits.connection(
            Asking.connection(origin, instance, settings().trustDomain()), System.nanoTime());
    count(judged);
    return judged.on(access);
  }

  private Verdict judge(MeshView view, Origin origin, LocalInstance instance) {
    return Access.revoked(revoked, origin, instance)
        .orElseGet(() -> unrevoked(view, origin, instance));
  }

  /** What revocations say of a request; empty where nothing. */
  Optional<Verdict> revoked(Origin origin, LocalInstance instance) {
    return Access.revoked(revoked, origin, instance);
  }

  private static Verdict unrevoked(MeshView view, Origin origin, LocalInstance instance) {
    return switch (instance.protocol()) {
      case HTTP, HTTP2, GRPC ->
          denied(
              instance.service()
                  + " speaks "
                  + instance.protocol().text()
                  + ", so a connection whose requests are not read is refused");
      case TCP, AUTO ->
          unread(view, instance.service())
              .orElseGet(() -> Access.connection(view, origin, instance));
    };
  }

  private static Verdict denied(String sentence) {
    return new Verdict.Denied(Verdict.Why.ACCESS, sentence, Mark.NONE, List.of());
  }

  /** What is asked of each request cannot be asked of a connection. */
  private static Optional<Verdict> unread(MeshView view, ServiceName service) {
    boolean tokens = view.authentication(service).filter(AuthenticationRule::required).isPresent();
    return tokens || !view.external(service).isEmpty()
        ? Optional.of(
            denied(
                service
                    + (tokens
                        ? " requires a token with each request"
                        : " has an external authoriser for its requests")
                    + ", so a connection whose requests are not read is refused; declare the"
                    + " service's protocol as http, http2 or grpc"))
        : Optional.empty();
  }

  /** Who was let in without an identity. */
  public PlaintextCallers plaintext() {
    return plaintext;
  }

  void letInPlaintext(Origin origin, LocalInstance instance) {
    telemetry.metrics().plaintext(instance.service());
    plaintext.letIn(instance.service(), origin.address());
  }

  /** Counts what rules decided and noted. */
  void count(Verdict verdict) {
    if (!verdict.by().rule().isEmpty()) {
      telemetry.metrics().access(verdict.by());
    }
    List<Mark> notes = verdict.notes();
    for (int i = 0; i < notes.size(); i++) {
      telemetry.metrics().access(notes.get(i));
    }
  }

  /** Counts what limits refused, and what those on trial would have. */
  void count(Judgement judged) {
    Verdict.Denied denied = judged.denied();
    if (denied != null) {
      telemetry.metrics().limited(denied.by());
    }
    judged.notes().forEach(telemetry.metrics()::limited);
  }

  private void fail(
      ConnectionMeters meters,
      Origin origin,
      LocalInstance instance,
      Verdict verdict,
      Failure why,
      Promise<Accepted> accepted,
      long begin) {
    report(meters, origin, instance, verdict, new Relay.Result(why, 0, 0, ""), begin);
    accepted.setFailure(new UpstreamException(why));
  }

  private void report(
      ConnectionMeters meters,
      Origin origin,
      LocalInstance instance,
      Verdict verdict,
      Relay.Result result,
      long begin) {
    telemetry.connection(
        meters,
        new Outcome(
            0,
            Optional.ofNullable(result.failure()),
            result.fromCaller(),
            result.toCaller(),
            System.nanoTime() - begin),
        () ->
            Telemetry.Details.connection(
                    instance.id(), origin.address(), verdict.by().rule(), result.serverName())
                .noting(verdict.notes()));
  }
}
