package io.hostmesh.agent.workloadapi;

import com.google.protobuf.Message;
import io.hostmesh.agent.identity.ApplicationIdentities;
import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.PeerProcesses;
import io.hostmesh.agent.workload.PeerProcesses.Peer;
import io.hostmesh.api.Methods.Method;
import io.hostmesh.api.WorkloadMethods;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.netty.channel.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcProtocol;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The SPIFFE Workload API over a unix socket. Every user may connect; what a caller gets depends on
 * the service that its process is, which the kernel says. Its work runs on one event loop; {@link
 * #changed} and {@link #declared} may be called on any thread.
 */
public final class WorkloadApi implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(WorkloadApi.class.getName());

  /** Of the whole host, and of one user, who must not keep the others out. */
  private static final int MOST_CONNECTIONS = 1024;

  private static final int MOST_OF_A_USER = 256;

  /** An application needs four streams. */
  private static final long MOST_STREAMS = 32;

  private static final long MOST_REQUEST_BYTES = 64 << 10;

  private final Vertx vertx;
  private final Context context;
  private final Callers callers;
  private final X509Answers x509;
  private final JwtAnswers jwt;
  private final Map<HttpConnection, Connection> connections = new HashMap<>();
  private final AtomicBoolean refreshing = new AtomicBoolean();
  private final AtomicBoolean attesting = new AtomicBoolean();
  private volatile List<HttpServer> servers = List.of();

  /** Which service a process is. */
  @FunctionalInterface
  public interface Services {
    /**
     * @param loop where the answer is wanted
     * @param then called once, at once or within two seconds
     */
    void attest(Peer process, EventLoop loop, Consumer<Attestation> then);
  }

  /** What is known of an open connection. */
  private record Connection(int uid, long acceptedAt, Set<Subscription<?>> streams) {}

  /**
   * @param services whose process this is, as for the connections that the agent captures
   */
  public WorkloadApi(
      Vertx vertx, ApplicationIdentities identities, Services services, InstantSource clock) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.callers = new Callers(services);
    this.x509 = new X509Answers(identities);
    this.jwt = new JwtAnswers(identities, clock);
    identities.onChange(this::changed);
  }

  /**
   * Listens on a socket that is not there yet.
   *
   * @return fails with {@link UserError} where it cannot be made
   */
  public Future<Void> listen(String socket) {
    Promise<Void> done = Promise.promise();
    context.runOnContext(
        _ ->
            vertx
                .createHttpServer(options())
                .connectionHandler(this::accepted)
                .requestHandler(grpc())
                .exceptionHandler(
                    failure ->
                        LOG.log(System.Logger.Level.DEBUG, "a connection came to nothing", failure))
                .listen(SocketAddress.domainSocketAddress(socket))
                .onSuccess(server -> servers = List.of(server))
                .<Void>mapEmpty()
                .recover(
                    failure ->
                        Future.failedFuture(
                            new UserError(
                                "workload-api.socket: cannot listen on "
                                    + socket
                                    + ": "
                                    + failure.getMessage(),
                                failure)))
                .onComplete(done));
    return done.future();
  }

  private static HttpServerOptions options() {
    return new HttpServerOptions()
        .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(MOST_STREAMS));
  }

  private GrpcServer grpc() {
    GrpcServerOptions options = new GrpcServerOptions().setMaxMessageSize(MOST_REQUEST_BYTES);
    for (GrpcProtocol protocol : Set.copyOf(options.getEnabledProtocols())) {
      if (protocol != GrpcProtocol.HTTP_2) {
        options.removeEnabledProtocol(protocol); // Nothing that a browser could send.
      }
    }
    GrpcServer grpc = GrpcServer.server(vertx, options);
    stream(grpc, WorkloadMethods.FETCH_X509_SVID, x509::svids);
    stream(grpc, WorkloadMethods.FETCH_X509_BUNDLES, _ -> x509.bundles());
    stream(grpc, WorkloadMethods.FETCH_JWT_BUNDLES, _ -> jwt.bundles());
    answer(grpc, WorkloadMethods.FETCH_JWT_SVID, jwt::svids);
    answer(
        grpc,
        WorkloadMethods.VALIDATE_JWT_SVID,
        (_, request) -> Future.succeededFuture(jwt.validate(request)));
    return grpc.callHandler(
        call ->
            refuse(
                call, GrpcStatus.UNIMPLEMENTED, "there is no " + call.fullMethodName() + " here"));
  }

  private <Q extends Message, R extends Message> void stream(
      GrpcServer grpc, Method<Q, R> method, Function<ServiceName, Answer<R>> answers) {
    grpc.callHandler(
        method.server(),
        call -> {
          call.errorHandler(_ -> {});
          if (isOfAWorkload(call)) {
            call.handler(_ -> subscribe(call, answers));
          }
        });
  }

  private <Q extends Message, R extends Message> void answer(
      GrpcServer grpc, Method<Q, R> method, BiFunction<ServiceName, Q, Future<R>> answers) {
    grpc.callHandler(
        method.server(),
        call -> {
          call.errorHandler(_ -> {});
          if (isOfAWorkload(call)) {
            call.handler(request -> answer(call, service -> answers.apply(service, request)));
          }
        });
  }

  private <Q, R> void answer(
      GrpcServerRequest<Q, R> call, Function<ServiceName, Future<R>> answers) {
    Connection connection = connections.get(call.connection());
    if (connection == null) {
      return; // It was closed meanwhile.
    }
    callers
        .of(call.connection(), connection.acceptedAt())
        .compose(answers)
        .onSuccess(answer -> context.runOnContext(_ -> call.response().end(answer)))
        .onFailure(failure -> context.runOnContext(_ -> refuse(call, failure)));
  }

  private static void refuse(GrpcServerRequest<?, ?> call, Throwable failure) {
    GrpcStatus status =
        switch (failure) {
          case Refused refused -> refused.status();
          case Denied _ -> GrpcStatus.PERMISSION_DENIED;
          default -> GrpcStatus.INTERNAL;
        };
    refuse(call, status, String.valueOf(failure.getMessage()));
  }

  private <R extends Message> void subscribe(
      GrpcServerRequest<?, R> call, Function<ServiceName, Answer<R>> answers) {
    Connection connection = connections.get(call.connection());
    if (connection == null) {
      return; // It was closed meanwhile.
    }
    Subscription<R> stream =
        new Subscription<>(
            vertx, call, () -> callers.of(call.connection(), connection.acceptedAt()), answers);
    connection.streams().add(stream);
    Runnable end =
        () -> {
          stream.ended();
          connection.streams().remove(stream);
        };
    call.errorHandler(_ -> end.run());
    call.exceptionHandler(_ -> end.run());
    call.response().exceptionHandler(_ -> end.run());
    stream.begin();
  }

  /** The header that no browser and no proxy sends by itself (SPIFFE Workload Endpoint). */
  private static boolean isOfAWorkload(GrpcServerRequest<?, ?> call) {
    boolean said = "true".equals(call.headers().get(WorkloadMethods.HEADER));
    if (!said) {
      refuse(
          call,
          GrpcStatus.INVALID_ARGUMENT,
          "security header missing from request: " + WorkloadMethods.HEADER + ": true");
    }
    return said;
  }

  private static void refuse(GrpcServerRequest<?, ?> call, GrpcStatus status, String why) {
    call.response().status(status).statusMessage(why).end();
  }

  private void accepted(HttpConnection connection) {
    try {
      int uid = Callers.uid(connection);
      long ofUser = connections.values().stream().filter(other -> other.uid() == uid).count();
      if (connections.size() >= MOST_CONNECTIONS || ofUser >= MOST_OF_A_USER) {
        LOG.log(
            System.Logger.Level.WARNING,
            "refused a connection of uid " + uid + " to the Workload API: it has " + ofUser);
        connection.close();
        return;
      }
      AnyAuthority.accept(connection);
      connections.put(connection, new Connection(uid, PeerProcesses.now(), new HashSet<>()));
      connection.closeHandler(_ -> closed(connection));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a connection without a peer", e);
      connection.close();
    }
  }

  private void closed(HttpConnection connection) {
    Connection known = connections.remove(connection);
    if (known != null) {
      known.streams().forEach(Subscription::ended);
    }
  }

  /** Identities may have changed: whoever follows them is told. */
  public void changed() {
    if (!refreshing.getAndSet(true)) {
      context.runOnContext(_ -> refresh());
    }
  }

  /** The services of this host have changed: everyone is looked at anew. */
  public void declared() {
    attesting.set(true);
    changed();
  }

  private void refresh() {
    refreshing.set(false);
    boolean attest = attesting.getAndSet(false);
    for (Connection connection : List.copyOf(connections.values())) {
      for (Subscription<?> stream : new ArrayList<>(connection.streams())) {
        stream.refresh(attest);
        if (stream.isEnded()) {
          connection.streams().remove(stream);
        }
      }
    }
  }

  /** Ends all streams; callers connect anew to whoever listens then. */
  @Override
  public void close() {
    servers.forEach(HttpServer::close);
  }
}
