package io.hostmesh.citadel;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.ChallengeRequest;
import io.hostmesh.api.v1.IssueJwtRequest;
import io.hostmesh.api.v1.IssueRequest;
import io.hostmesh.api.v1.IssuedCertificate;
import io.hostmesh.api.v1.IssuedJwt;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.RenewRequest;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.api.v1.WatchBundleRequest;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.bundle.BundleFeed;
import io.hostmesh.citadel.bundle.Holders;
import io.hostmesh.citadel.issue.Asker;
import io.hostmesh.citadel.issue.Desk;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.MeshServer;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Citadel's door to the mesh: gRPC over TLS 1.3. A client certificate is asked for but not required
 * by TLS, since Join has none.
 */
final class CitadelServer {
  private static final System.Logger LOG = System.getLogger(CitadelServer.class.getName());

  private static final String PILOT = "pilot ";

  private final Vertx vertx;
  private final Authority authority;
  private final Desk desk;
  private final BundleFeed bundle;
  private final Holders holders;
  private final Offload offload;
  private final MeterRegistry meters;
  private final InstantSource clock;

  CitadelServer(
      Vertx vertx,
      Authority authority,
      Desk desk,
      BundleFeed bundle,
      Holders holders,
      Offload offload,
      MeterRegistry meters,
      InstantSource clock) {
    this.vertx = vertx;
    this.authority = authority;
    this.desk = desk;
    this.bundle = bundle;
    this.holders = holders;
    this.offload = offload;
    this.meters = meters;
    this.clock = clock;
  }

  /**
   * @return fails with {@link UserError} where the address cannot be had
   */
  Future<HttpServer> listen(HostPort address) {
    GrpcServer grpc =
        GrpcServer.server(vertx)
            .callHandler(
                Methods.JOIN.server(),
                call ->
                    answer(
                        "join",
                        call,
                        (JoinRequest request) -> () -> desk.join(request, address(call))))
            .callHandler(Methods.CHALLENGE.server(), this::challenge)
            .callHandler(
                Methods.RENEW.server(),
                call ->
                    answer(
                        "renew",
                        call,
                        (RenewRequest request) -> {
                          Asker asker = asker(call.connection());
                          return () -> desk.renew(request, asker);
                        }))
            .callHandler(
                Methods.ISSUE.server(),
                call ->
                    answer(
                        "issue",
                        call,
                        (IssueRequest request) -> {
                          Asker asker = asker(call.connection());
                          return () -> desk.issue(request, asker);
                        }))
            .callHandler(Methods.ISSUE_JWT.server(), this::issueJwt)
            .callHandler(Methods.WATCH_BUNDLE.server(), this::watch);
    // Clients that join have no certificate yet.
    return new MeshServer(
            new SvidKeyManager(this::shown),
            new ClientTrust(authority::roots, clock),
            ClientAuth.REQUEST)
        .listen(vertx, address, grpc);
  }

  /** With the root at the end of the chain, for those who know no more than a token. */
  private @Nullable Svid shown() {
    Svid own = authority.shown();
    if (own == null) {
      return null;
    }
    List<X509Certificate> chain = new ArrayList<>(own.chain());
    chain.add(authority.root());
    return new Svid(own.id(), chain, own.key());
  }

  /**
   * Answers a call with the certificates that the work makes.
   *
   * @param work from the message, on the event loop, to what is then done off it
   */
  private <Q extends Message> void answer(
      String method,
      GrpcServerRequest<Q, IssuedCertificate> call,
      Function<Q, Callable<List<X509Certificate>>> work) {
    call.errorHandler(error -> LOG.log(System.Logger.Level.DEBUG, "a call broke off: " + error));
    call.last()
        .compose(request -> offload.call(work.apply(request)))
        .map(this::message)
        .onSuccess(
            answer -> {
              meters.counter("hostmesh_citadel_issued", "method", method).increment();
              call.response().end(answer);
            })
        .onFailure(failure -> refuse(method, call, failure));
  }

  private void issueJwt(GrpcServerRequest<IssueJwtRequest, IssuedJwt> call) {
    call.errorHandler(error -> LOG.log(System.Logger.Level.DEBUG, "a call broke off: " + error));
    call.last()
        .compose(
            request -> {
              Asker asker = asker(call.connection());
              return offload.call(() -> desk.issueJwt(request, asker));
            })
        .onSuccess(
            answer -> {
              meters.counter("hostmesh_citadel_issued", "method", "issue-jwt").increment();
              call.response().end(answer);
            })
        .onFailure(failure -> refuse("issue-jwt", call, failure));
  }

  private IssuedCertificate message(List<X509Certificate> chain) {
    IssuedCertificate.Builder answer = IssuedCertificate.newBuilder().setBundle(bundle.current());
    for (X509Certificate certificate : chain) {
      try {
        answer.addChain(ByteString.copyFrom(certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate just made cannot be encoded", e);
      }
    }
    return answer.build();
  }

  private void refuse(String method, GrpcServerRequest<?, ?> call, Throwable failure) {
    Refusal refusal =
        failure instanceof Refusal known
            ? known
            : new Refusal(
                Refusal.Reason.UNAVAILABLE,
                failure instanceof UserError
                    ? String.valueOf(failure.getMessage())
                    : "citadel failed; see its log",
                failure);
    String reason = refusal.reason().name().toLowerCase(Locale.ROOT).replace('_', '-');
    meters.counter("hostmesh_citadel_refused", "method", method, "reason", reason).increment();
    LOG.log(
        refusal == failure ? System.Logger.Level.WARNING : System.Logger.Level.ERROR,
        "refused "
            + method
            + " from "
            + call.connection().remoteAddress()
            + " ("
            + reason
            + "): "
            + refusal.getMessage());
    if (refusal.getCause() != null) {
      LOG.log(
          refusal == failure ? System.Logger.Level.DEBUG : System.Logger.Level.ERROR,
          "the cause",
          refusal.getCause());
    }
    call.response()
        .status(status(refusal.reason()))
        .statusMessage(String.valueOf(refusal.getMessage()))
        .end();
  }

  private static GrpcStatus status(Refusal.Reason reason) {
    return switch (reason) {
      case MALFORMED -> GrpcStatus.INVALID_ARGUMENT;
      case TOKEN_WRONG, TOKEN_EXPIRED, TOKEN_USED, PROOF_WRONG, NOT_ACCEPTED ->
          GrpcStatus.UNAUTHENTICATED;
      case TOO_MANY -> GrpcStatus.RESOURCE_EXHAUSTED;
      case NAME_TAKEN -> GrpcStatus.ALREADY_EXISTS;
      case NOT_ENTITLED, REVOKED -> GrpcStatus.PERMISSION_DENIED;
      case UNAVAILABLE -> GrpcStatus.UNAVAILABLE;
    };
  }

  /**
   * @throws Refusal where no certificate of this mesh was shown
   */
  private Asker asker(HttpConnection connection) {
    try {
      List<X509Certificate> chain =
          Arrays.stream(connection.sslSession().getPeerCertificates())
              .map(X509Certificate.class::cast)
              .toList();
      return Asker.of(chain, authority.roots(), clock.instant());
    } catch (SSLPeerUnverifiedException | CertificateException e) {
      throw new Refusal(
          Refusal.Reason.NOT_ACCEPTED, "this request needs a certificate: " + e.getMessage(), e);
    }
  }

  private void challenge(GrpcServerRequest<ChallengeRequest, Challenge> call) {
    call.errorHandler(error -> LOG.log(System.Logger.Level.DEBUG, "a call broke off: " + error));
    call.last()
        .compose(request -> offload.call(() -> desk.challenge(request, address(call))))
        .onSuccess(call.response()::end)
        .onFailure(failure -> refuse("challenge", call, failure));
  }

  private static String address(GrpcServerRequest<?, ?> call) {
    return call.connection().remoteAddress().hostAddress();
  }

  /** Nodes have names; pilots have their keys only. */
  private static String holder(Asker asker) {
    return asker.id() instanceof SpiffeId.Node node
        ? "node " + node.node()
        : PILOT + asker.key().substring(0, 16);
  }

  private void watch(GrpcServerRequest<WatchBundleRequest, TrustBundle> call) {
    String holder;
    try {
      holder = holder(asker(call.connection()));
      call.handler(request -> holders.heard(holder, Set.copyOf(request.getRootsList())));
    } catch (Refusal refusal) {
      refuse("watch-bundle", call, refusal);
      return;
    }
    Context context = vertx.getOrCreateContext();
    GrpcServerResponse<WatchBundleRequest, TrustBundle> response = call.response();
    Runnable follow = bundle.follow(message -> context.runOnContext(_ -> response.write(message)));
    Runnable end =
        () -> {
          follow.run();
          if (holder.startsWith(PILOT)) {
            holders.gone(holder); // The next one may have another key.
          }
        };
    call.errorHandler(_ -> end.run());
    call.exceptionHandler(_ -> end.run());
    response.exceptionHandler(_ -> end.run());
    call.connection().closeHandler(_ -> end.run());
  }
}
