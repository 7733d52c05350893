package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.IssueRequest;
import io.hostmesh.api.v1.IssuedCertificate;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.RenewRequest;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.api.v1.WatchBundleRequest;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.client.InvalidStatusException;
import io.vertx.grpc.common.GrpcStatus;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Speaks with citadel: gRPC over TLS 1.3, mutual once there is a certificate. With several
 * addresses it stays with one until that one fails. A new connection is made whenever the own
 * certificate was renewed, so that no resumed session shows an old one.
 */
public final class CitadelClient implements Citadel {
  private static final System.Logger LOG = System.getLogger(CitadelClient.class.getName());
  private static final Backoff RECONNECT =
      new Backoff(Duration.ofMillis(250), Duration.ofSeconds(15));

  /** Citadel repeats the bundle every 30 s; a stream that is silent for longer is dead. */
  private static final long SILENCE_MS = 90_000;

  private final Vertx vertx;
  private final String trustDomain;
  private final CitadelSettings settings;
  private final CurrentIdentity identity;
  private final InstantSource clock;
  private final RandomGenerator random;

  private int preferred;
  private @Nullable Connection connection;
  private boolean closed;

  private record Connection(Svid shown, GrpcClient grpc) {}

  CitadelClient(
      Vertx vertx,
      String trustDomain,
      CitadelSettings settings,
      CurrentIdentity identity,
      InstantSource clock,
      RandomGenerator random) {
    this.vertx = vertx;
    this.trustDomain = trustDomain;
    this.settings = settings;
    this.identity = identity;
    this.clock = clock;
    this.random = random;
  }

  @Override
  public Future<Issued> join(JoinToken token, String node, byte[] csr) {
    PinnedRoot pinned = new PinnedRoot(trustDomain, token.root(), clock);
    GrpcClient bootstrap = GrpcClient.client(vertx, options(pinned));
    JoinRequest request =
        JoinRequest.newBuilder()
            .setToken(token.text())
            .setNode(node)
            .setCsr(ByteString.copyFrom(csr))
            .build();
    return call(bootstrap, Methods.JOIN, request)
        .map(
            answer -> {
              Issued issued = read(answer);
              try {
                pinned.vouched(issued.roots().roots());
              } catch (CertificateException e) {
                throw new CitadelException(
                    CitadelException.Kind.FAILED, String.valueOf(e.getMessage()), e);
              }
              return issued;
            })
        .onComplete(_ -> bootstrap.close());
  }

  @Override
  public Future<Issued> renew(byte[] csr) {
    return authenticated()
        .compose(
            grpc ->
                call(
                    grpc,
                    Methods.RENEW,
                    RenewRequest.newBuilder().setCsr(ByteString.copyFrom(csr)).build()))
        .map(CitadelClient::read);
  }

  @Override
  public Future<Issued> issue(ServiceName service, byte[] csr) {
    IssueRequest request =
        IssueRequest.newBuilder()
            .setNamespace(service.namespace())
            .setService(service.name())
            .setCsr(ByteString.copyFrom(csr))
            .build();
    return authenticated()
        .compose(grpc -> call(grpc, Methods.ISSUE, request))
        .map(CitadelClient::read);
  }

  @Override
  public void watchBundle(Consumer<TrustRoots> listener) {
    watch(listener, 1);
  }

  private void watch(Consumer<TrustRoots> listener, int attempt) {
    if (isClosed()) {
      return;
    }
    BundleStream stream = new BundleStream(listener);
    HostPort address = preferred();
    authenticated()
        .compose(grpc -> grpc.request(address(address), Methods.WATCH_BUNDLE.client()))
        .compose(stream::run)
        .onComplete(
            ended -> {
              if (ended.failed()) {
                LOG.log(System.Logger.Level.DEBUG, "bundle stream from " + address, ended.cause());
                failed(address);
              }
              int next = stream.heard ? 1 : attempt + 1;
              vertx.setTimer(
                  Math.max(1, RECONNECT.delay(next, random).toMillis()),
                  _ -> watch(listener, next));
            });
  }

  /** One stream of bundles; completes when it ends, is silent for too long or fails. */
  private final class BundleStream {
    private final Consumer<TrustRoots> listener;
    private boolean heard;
    private long silence;

    BundleStream(Consumer<TrustRoots> listener) {
      this.listener = listener;
    }

    Future<Void> run(GrpcClientRequest<WatchBundleRequest, TrustBundle> request) {
      Promise<Void> end = Promise.promise();
      restart(request, end);
      request
          .send(WatchBundleRequest.getDefaultInstance())
          .onFailure(end::tryFail)
          .onSuccess(
              response -> {
                response.exceptionHandler(end::tryFail);
                response.endHandler(_ -> end.tryComplete());
                response.handler(
                    bundle -> {
                      restart(request, end);
                      hear(bundle);
                    });
              });
      return end.future().onComplete(_ -> vertx.cancelTimer(silence));
    }

    private void restart(GrpcClientRequest<?, ?> request, Promise<Void> end) {
      vertx.cancelTimer(silence);
      silence =
          vertx.setTimer(
              SILENCE_MS,
              _ -> {
                request.cancel();
                end.tryComplete();
              });
    }

    private void hear(TrustBundle bundle) {
      try {
        listener.accept(roots(bundle));
        heard = true;
      } catch (CertificateException e) {
        LOG.log(System.Logger.Level.WARNING, "citadel sent a bundle that cannot be read", e);
      }
    }
  }

  private synchronized Future<GrpcClient> authenticated() {
    Svid svid = identity.svid();
    if (closed || svid == null) {
      return Future.failedFuture(
          new CitadelException(
              CitadelException.Kind.NOT_ACCEPTED,
              closed ? "the client is closed" : "this host has not joined the mesh yet"));
    }
    Connection current = connection;
    if (current == null || !current.shown().equals(svid)) {
      if (current != null) {
        retire(current.grpc());
      }
      current = new Connection(svid, GrpcClient.client(vertx, mutual(svid)));
      connection = current;
    }
    return Future.succeededFuture(current.grpc());
  }

  /** What is under way on it may end first. */
  private void retire(GrpcClient grpc) {
    vertx.setTimer(settings.timeout().toMillis(), _ -> grpc.close());
  }

  private HttpClientOptions mutual(Svid svid) {
    SpiffeTrustManager trust =
        new SpiffeTrustManager(
            () -> identity.roots().orElse(new TrustRoots(trustDomain, List.of(), 0)),
            new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.CITADEL)::equals,
            "citadel",
            clock);
    return options(trust).setKeyCertOptions(KeyCertOptions.wrap(new SvidKeyManager(() -> svid)));
  }

  private HttpClientOptions options(TrustManager trust) {
    return new HttpClientOptions()
        .setSsl(true)
        .setUseAlpn(true)
        .setProtocolVersion(HttpVersion.HTTP_2)
        .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
        .setVerifyHost(false) // The trust manager judges SPIFFE IDs; certificates name no hosts.
        .setTrustOptions(TrustOptions.wrap(trust))
        .setConnectTimeout((int) Math.min(settings.timeout().toMillis(), 3_000));
  }

  /** Asks the preferred address, then the others, each once. */
  private <Q extends Message, R extends Message> Future<R> call(
      GrpcClient grpc, Methods.Method<Q, R> method, Q request) {
    return call(grpc, method, request, settings.addresses().size());
  }

  private <Q extends Message, R extends Message> Future<R> call(
      GrpcClient grpc, Methods.Method<Q, R> method, Q request, int addressesLeft) {
    HostPort address = preferred();
    long limit = settings.timeout().toMillis();
    return grpc.request(address(address), method.client())
        .compose(call -> call.timeout(limit, TimeUnit.MILLISECONDS).send(request))
        .compose(response -> last(response, method))
        .timeout(limit, TimeUnit.MILLISECONDS)
        .recover(
            failure -> {
              CitadelException explained = explain(failure, address);
              if (explained.kind() != CitadelException.Kind.UNREACHABLE) {
                return Future.failedFuture(explained);
              }
              failed(address);
              return addressesLeft > 1
                  ? call(grpc, method, request, addressesLeft - 1)
                  : Future.failedFuture(explained);
            });
  }

  private static <Q, R> Future<R> last(
      GrpcClientResponse<Q, R> response, Methods.Method<?, ?> method) {
    return response
        .last()
        .recover(
            failure ->
                Future.failedFuture(
                    failure instanceof InvalidStatusException refused
                        ? refusal(refused.actualStatus(), response.statusMessage(), method)
                        : failure));
  }

  private static CitadelException refusal(
      GrpcStatus status, @Nullable String message, Methods.Method<?, ?> method) {
    boolean joining = method.equals(Methods.JOIN);
    CitadelException.Kind kind =
        switch (status) {
          case UNAUTHENTICATED, ALREADY_EXISTS, INVALID_ARGUMENT ->
              joining ? CitadelException.Kind.TOKEN : CitadelException.Kind.NOT_ACCEPTED;
          case PERMISSION_DENIED ->
              joining ? CitadelException.Kind.TOKEN : CitadelException.Kind.NOT_ENTITLED;
          default -> CitadelException.Kind.FAILED;
        };
    return new CitadelException(
        kind, message == null || message.isEmpty() ? "citadel answered " + status : message);
  }

  private CitadelException explain(Throwable failure, HostPort address) {
    if (failure instanceof CitadelException known) {
      return known;
    }
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new CitadelException(
        CitadelException.Kind.UNREACHABLE,
        "citadel at " + address + " cannot be asked: " + reason.replace('\n', ' '),
        failure);
  }

  private static Issued read(IssuedCertificate answer) {
    try {
      return new Issued(
          Pem.certificates(answer.getChainList().stream().map(ByteString::toByteArray).toList()),
          roots(answer.getBundle()));
    } catch (CertificateException e) {
      throw new CitadelException(
          CitadelException.Kind.FAILED, "citadel's answer holds no certificates", e);
    }
  }

  private static TrustRoots roots(TrustBundle bundle) throws CertificateException {
    return new TrustRoots(
        bundle.getTrustDomain(),
        Pem.certificates(bundle.getRootsList().stream().map(ByteString::toByteArray).toList()),
        bundle.getSequence());
  }

  private static SocketAddress address(HostPort address) {
    return SocketAddress.inetSocketAddress(address.port(), address.host());
  }

  private synchronized HostPort preferred() {
    return settings.addresses().get(preferred % settings.addresses().size());
  }

  private synchronized void failed(HostPort address) {
    if (address.equals(preferred())) {
      preferred = (preferred + 1) % settings.addresses().size();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (connection != null) {
      connection.grpc().close();
    }
  }
}
