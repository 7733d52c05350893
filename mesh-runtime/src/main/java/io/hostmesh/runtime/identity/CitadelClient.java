package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.ChallengeRequest;
import io.hostmesh.api.v1.IssueJwtRequest;
import io.hostmesh.api.v1.IssueRequest;
import io.hostmesh.api.v1.IssuedCertificate;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.RenewRequest;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.client.GrpcClient;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Speaks with citadel in the name of an identity: what is asked and answered. */
final class CitadelClient implements Citadel {
  private final Vertx vertx;
  private final String trustDomain;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final CurrentIdentity identity;
  private final CitadelConnections connections;
  private final CitadelCalls calls;
  private volatile @Nullable BundleWatch watch;

  CitadelClient(
      Vertx vertx,
      String trustDomain,
      CitadelSettings settings,
      CurrentIdentity identity,
      InstantSource clock,
      RandomGenerator random) {
    this.vertx = vertx;
    this.trustDomain = trustDomain;
    this.clock = clock;
    this.random = random;
    this.identity = identity;
    this.connections =
        new CitadelConnections(vertx, trustDomain, settings.timeout(), identity, clock);
    this.calls = new CitadelCalls(settings.addresses(), settings.timeout());
  }

  @Override
  public Future<Issued> join(JoinToken token, String node, byte[] csr) {
    PinnedRoot pinned = new PinnedRoot(trustDomain, token.root(), clock);
    GrpcClient bootstrap = connections.unauthenticated(pinned);
    JoinRequest request =
        JoinRequest.newBuilder()
            .setToken(token.text())
            .setNode(node)
            .setCsr(ByteString.copyFrom(csr))
            .build();
    return calls
        .call(bootstrap, Methods.JOIN, request)
        .map(answer -> vouched(read(answer), pinned))
        .onComplete(_ -> bootstrap.close());
  }

  @Override
  public Future<Issued> join(NodeAttestor attestor, String node, byte[] csr) {
    PinnedRoot pinned = new PinnedRoot(trustDomain, attestor.root(), clock);
    GrpcClient bootstrap = connections.unauthenticated(pinned);
    Context context = vertx.getOrCreateContext();
    return Blocking.run(
            context,
            () ->
                ChallengeRequest.newBuilder()
                    .setAttestor(attestor.name())
                    .setNode(node)
                    .setOpening(ByteString.copyFrom(attestor.opening()))
                    .build())
        .compose(request -> calls.call(bootstrap, Methods.CHALLENGE, request))
        .compose(challenge -> Blocking.run(context, () -> proven(attestor, challenge, node, csr)))
        .compose(request -> calls.call(bootstrap, Methods.JOIN, request))
        .map(answer -> vouched(read(answer), pinned))
        .onComplete(_ -> bootstrap.close());
  }

  private JoinRequest proven(NodeAttestor attestor, Challenge challenge, String node, byte[] csr) {
    MachineProof proof =
        new MachineProof(trustDomain, node, challenge.getNonce(), ByteString.copyFrom(csr));
    return JoinRequest.newBuilder()
        .setAttestor(attestor.name())
        .setNode(node)
        .setCsr(ByteString.copyFrom(csr))
        .setNonce(challenge.getNonce())
        .setEvidence(ByteString.copyFrom(attestor.evidence(challenge, proof)))
        .build();
  }

  /** The roots that come along must be the one that was pinned. */
  private static Issued vouched(Issued issued, PinnedRoot pinned) {
    try {
      pinned.vouched(issued.roots().roots());
      return issued;
    } catch (CertificateException e) {
      throw new CitadelException(CitadelException.Kind.FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Future<Issued> renew(byte[] csr) {
    return connections
        .authenticated()
        .compose(
            grpc ->
                calls.call(
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
    return connections
        .authenticated()
        .compose(grpc -> calls.call(grpc, Methods.ISSUE, request))
        .map(CitadelClient::read);
  }

  @Override
  public Future<JwtIssued> issueJwt(ServiceName service, Collection<String> audience) {
    IssueJwtRequest request =
        IssueJwtRequest.newBuilder()
            .setNamespace(service.namespace())
            .setService(service.name())
            .addAllAudience(audience)
            .build();
    return connections
        .authenticated()
        .compose(grpc -> calls.call(grpc, Methods.ISSUE_JWT, request))
        .map(
            answer ->
                new JwtIssued(
                    answer.getSpiffeId(),
                    answer.getToken(),
                    Instant.ofEpochSecond(answer.getIssuedAtEpochSecond()),
                    Instant.ofEpochSecond(answer.getExpiresAtEpochSecond())));
  }

  @Override
  public void watchBundle(Consumer<TrustRoots> listener, Consumer<TrustBundle> whole) {
    BundleWatch started =
        new BundleWatch(vertx, connections, calls, random, identity::roots, listener, whole);
    watch = started;
    started.start();
  }

  @Override
  public void rootsKept() {
    BundleWatch started = watch;
    if (started != null) {
      started.again();
    }
  }

  private static Issued read(IssuedCertificate answer) {
    try {
      return new Issued(
          Pem.certificates(answer.getChainList().stream().map(ByteString::toByteArray).toList()),
          Bundles.read(answer.getBundle()));
    } catch (CertificateException e) {
      throw new CitadelException(
          CitadelException.Kind.FAILED, "citadel's answer holds no certificates", e);
    }
  }

  @Override
  public void close() {
    connections.close();
  }
}
