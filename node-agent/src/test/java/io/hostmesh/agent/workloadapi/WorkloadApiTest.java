package io.hostmesh.agent.workloadapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import io.hostmesh.agent.Eventually;
import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.Workload;
import io.hostmesh.agent.workload.WorkloadMatcher;
import io.hostmesh.agent.workload.WorkloadSelector;
import io.hostmesh.api.Methods.Method;
import io.hostmesh.api.WorkloadMethods;
import io.hostmesh.api.spiffe.JWTSVIDRequest;
import io.hostmesh.api.spiffe.X509BundlesRequest;
import io.hostmesh.api.spiffe.X509BundlesResponse;
import io.hostmesh.api.spiffe.X509SVIDRequest;
import io.hostmesh.api.spiffe.X509SVIDResponse;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.loops.EpollTransport;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.spiffe.exception.BundleNotFoundException;
import io.spiffe.exception.X509ContextException;
import io.spiffe.spiffeid.TrustDomain;
import io.spiffe.svid.jwtsvid.JwtSvid;
import io.spiffe.workloadapi.DefaultJwtSource;
import io.spiffe.workloadapi.DefaultWorkloadApiClient;
import io.spiffe.workloadapi.DefaultX509Source;
import io.spiffe.workloadapi.JwtSource;
import io.spiffe.workloadapi.JwtSourceOptions;
import io.spiffe.workloadapi.WorkloadApiClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Workload API as its clients see it: java-spiffe, the standard's public client, and bare gRPC
 * for what no good client does. This process is the service {@code web}, by its user.
 */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class WorkloadApiTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final String WEB_ID = "spiffe://hostmesh.local/ns/default/dc/dc1/svc/web";
  private static final TrustDomain DOMAIN = TrustDomain.parse("hostmesh.local");

  @TempDir Path folder;

  private final Vertx vertx =
      Vertx.builder()
          .with(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1))
          .withTransport(new EpollTransport())
          .build();
  private final TestAuthority authority = new TestAuthority("hostmesh.local").intermediate();
  private final FakeIdentities identities = new FakeIdentities();
  private volatile WorkloadMatcher services = new WorkloadMatcher(List.of());

  /** Where it is there, what the helper has been asked and not answered. */
  private volatile @Nullable Queue<Runnable> late;

  private WorkloadApi api;
  private Path socket;

  @BeforeEach
  void begin() throws Exception {
    socket = folder.resolve("workload.sock");
    api =
        new WorkloadApi(
            vertx,
            identities,
            (peer, loop, then) -> {
              Attestation found = services.match(peer.owner());
              Queue<Runnable> helper = late;
              if (helper == null) {
                then.accept(found);
              } else {
                helper.add(() -> loop.execute(() -> then.accept(found)));
              }
            },
            Clock.systemUTC());
    api.listen(socket.toString()).await();
    services = as(WEB);
  }

  @AfterEach
  void end() {
    api.close();
    vertx.close().await();
  }

  private static WorkloadMatcher as(ServiceName service) throws Exception {
    int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    return new WorkloadMatcher(
        List.of(new Workload(service, service.name(), WorkloadSelector.uid(uid))));
  }

  private WorkloadApiClient client() throws Exception {
    return DefaultWorkloadApiClient.newClient(
        DefaultWorkloadApiClient.ClientOptions.builder()
            .spiffeSocketPath("unix:" + socket)
            .build());
  }

  private DefaultX509Source source() throws Exception {
    return DefaultX509Source.newSource(
        DefaultX509Source.X509SourceOptions.builder()
            .spiffeSocketPath("unix:" + socket)
            .initTimeout(Duration.ofSeconds(20))
            .build());
  }

  @Test
  void anApplicationHasItsOwnCertificateAndFollowsRenewalsAndNewRoots() throws Exception {
    identities.trust(authority.roots());
    Svid first = identities.renew(authority, WEB);
    try (DefaultX509Source source = source()) {
      assertThat(source.getX509Svid().getSpiffeId()).hasToString(WEB_ID);
      assertThat(source.getX509Svid().getChain()).isEqualTo(first.chain());
      assertThat(source.getX509Svid().getPrivateKey()).isEqualTo(first.key());
      assertThat(source.getBundleForTrustDomain(DOMAIN).getX509Authorities())
          .containsExactlyElementsOf(authority.roots().roots());

      Svid second = identities.renew(authority, WEB);
      Eventually.holds(
          "the renewed certificate is there",
          () -> source.getX509Svid().getLeaf().equals(second.leaf()));
      identities.trust(
          new TrustRoots(
              "hostmesh.local",
              List.of(
                  authority.roots().roots().getFirst(),
                  new TestAuthority("hostmesh.local").roots().roots().getFirst()),
              2));
      Eventually.holds("both roots are there", () -> roots(source) == 2);
    }
  }

  private static int roots(DefaultX509Source source) {
    try {
      return source.getBundleForTrustDomain(DOMAIN).getX509Authorities().size();
    } catch (io.spiffe.exception.BundleNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whoComesBeforeTheFirstCertificateWaitsForIt() throws Exception {
    identities.trust(authority.roots());
    Future<X509SVIDResponse> first =
        call(WorkloadMethods.FETCH_X509_SVID, X509SVIDRequest.getDefaultInstance(), "true")
            .compose(WorkloadApiTest::next);
    assertThat(first.isComplete()).isFalse();
    identities.renew(authority, WEB);
    assertThat(first.await().getSvids(0).getSpiffeId()).isEqualTo(WEB_ID);
  }

  @Test
  void whoWaitsInVainHearsWhyAndThatItMayAskAgain() {
    identities.trust(authority.roots());
    GrpcClientResponse<?, ?> answer =
        ended(call(WorkloadMethods.FETCH_X509_SVID, X509SVIDRequest.getDefaultInstance(), "true"));
    assertThat(answer.status()).isEqualTo(GrpcStatus.UNAVAILABLE);
    assertThat(answer.statusMessage())
        .isEqualTo("web has no certificate yet: citadel does not answer");
  }

  @Test
  void bundlesOfOtherTrustDomainsAreServedUnderTheirOwnNames() throws Exception {
    TestAuthority other = new TestAuthority("other.example");
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    identities.federate(new DomainBundle("other.example", other.roots().roots(), List.of(), 1));
    TrustDomain foreign = TrustDomain.parse("other.example");
    try (WorkloadApiClient client = client()) {
      assertThat(client.fetchX509Bundles().getBundleForTrustDomain(foreign).getX509Authorities())
          .containsExactlyElementsOf(other.roots().roots());
      assertThat(
              client
                  .fetchX509Context()
                  .getX509BundleSet()
                  .getBundleForTrustDomain(DOMAIN)
                  .getX509Authorities())
          .containsExactlyElementsOf(authority.roots().roots());
    }
  }

  @Test
  void bundlesAloneAreServedAsWell() throws Exception {
    identities.trust(authority.roots());
    try (WorkloadApiClient client = client()) {
      assertThat(client.fetchX509Bundles().getBundleForTrustDomain(DOMAIN).getX509Authorities())
          .containsExactlyElementsOf(authority.roots().roots());
    }
  }

  @Test
  void anApplicationGetsTokensAndJudgesThoseOfOthers() throws Exception {
    identities.trust(authority.roots());
    identities.rotateJwtKey();
    try (WorkloadApiClient client = client();
        JwtSource source =
            DefaultJwtSource.newSource(
                JwtSourceOptions.builder().workloadApiClient(client).build())) {
      JwtSvid first = source.fetchJwtSvid("billing", "audit");
      assertThat(first.getSpiffeId()).hasToString(WEB_ID);
      assertThat(first.getAudience()).containsExactlyInAnyOrder("audit", "billing");
      assertThat(
              JwtSvid.parseAndValidate(first.getToken(), source, Set.of("billing")).getSpiffeId())
          .isEqualTo(first.getSpiffeId());
      assertThat(client.validateJwtSvid(first.getToken(), "audit").getClaims())
          .containsEntry("sub", WEB_ID);
      assertThatThrownBy(() -> client.validateJwtSvid(first.getToken(), "shop"))
          .hasStackTraceContaining("INVALID_ARGUMENT")
          .hasStackTraceContaining("it is not for the audience");

      identities.rotateJwtKey();
      Eventually.holds(
          "the new key is there",
          () -> {
            try {
              return source.getBundleForTrustDomain(DOMAIN).getJwtAuthorities().size() == 2;
            } catch (BundleNotFoundException e) {
              throw new AssertionError(e);
            }
          });
      JwtSvid second = source.fetchJwtSvid("shop");
      assertThat(client.validateJwtSvid(second.getToken(), "shop").getSpiffeId())
          .isEqualTo(first.getSpiffeId());
    }
  }

  @Test
  void tokensNeedAnAudienceAndAreForTheCallersOwnId() {
    identities.rotateJwtKey();
    assertThat(jwt(JWTSVIDRequest.getDefaultInstance()).status())
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(
            jwt(JWTSVIDRequest.newBuilder()
                    .addAudience("a")
                    .setSpiffeId("spiffe://hostmesh.local/ns/default/dc/dc1/svc/other")
                    .build())
                .status())
        .isEqualTo(GrpcStatus.PERMISSION_DENIED);
  }

  private GrpcClientResponse<?, ?> jwt(JWTSVIDRequest request) {
    return ended(call(WorkloadMethods.FETCH_JWT_SVID, request, "true"));
  }

  @Test
  void aProcessOfNoServiceIsDenied() throws Exception {
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    services = new WorkloadMatcher(List.of());
    try (WorkloadApiClient client = client()) {
      assertThatThrownBy(client::fetchX509Context)
          .isInstanceOf(X509ContextException.class)
          .hasStackTraceContaining("PERMISSION_DENIED")
          .hasStackTraceContaining("belongs to no service that is declared on this host");
    }
  }

  @Test
  void aProcessThatTwoServicesClaimIsDenied() throws Exception {
    int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    services =
        new WorkloadMatcher(
            List.of(
                new Workload(WEB, "a", WorkloadSelector.uid(uid)),
                new Workload(ServiceName.of("other"), "b", WorkloadSelector.uid(uid))));
    GrpcClientResponse<?, ?> answer =
        ended(call(WorkloadMethods.FETCH_X509_SVID, X509SVIDRequest.getDefaultInstance(), "true"));
    assertThat(answer.status()).isEqualTo(GrpcStatus.PERMISSION_DENIED);
    assertThat(answer.statusMessage()).contains("is claimed by web and other");
  }

  @Test
  void aServiceThatIsDeclaredNoMoreLosesItsStreams() throws Exception {
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    GrpcClientResponse<X509SVIDRequest, X509SVIDResponse> stream = open();
    next(stream).await();
    services = as(ServiceName.of("another"));
    api.declared();
    end(stream);
    assertThat(stream.status()).isEqualTo(GrpcStatus.PERMISSION_DENIED);
  }

  @Test
  void whoMustBeAskedForGetsNothingBeforeTheAnswer() {
    Queue<Runnable> questions = new ConcurrentLinkedQueue<>();
    late = questions;
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    Future<X509SVIDResponse> first =
        call(WorkloadMethods.FETCH_X509_SVID, X509SVIDRequest.getDefaultInstance(), "true")
            .compose(WorkloadApiTest::next);
    Eventually.holds("the helper is asked", () -> questions.size() == 1);
    assertThat(first.isComplete()).isFalse();
    answer(questions);
    assertThat(first.await().getSvids(0).getSpiffeId()).isEqualTo(WEB_ID);
  }

  @Test
  void anAnswerOfBeforeTheServicesChangedIsNotTheLastWord() throws Exception {
    Queue<Runnable> questions = new ConcurrentLinkedQueue<>();
    late = questions;
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    GrpcClientResponse<X509SVIDRequest, X509SVIDResponse> stream = opening(questions);
    services = as(ServiceName.of("another"));
    api.declared();
    Eventually.holds("the helper is asked again", () -> questions.size() == 1);
    answer(questions);
    end(stream);
    assertThat(stream.status()).isEqualTo(GrpcStatus.PERMISSION_DENIED);
  }

  private GrpcClientResponse<X509SVIDRequest, X509SVIDResponse> opening(Queue<Runnable> questions) {
    Future<GrpcClientResponse<X509SVIDRequest, X509SVIDResponse>> call =
        call(WorkloadMethods.FETCH_X509_SVID, X509SVIDRequest.getDefaultInstance(), "true");
    Eventually.holds("the helper is asked", () -> questions.size() == 1);
    answer(questions);
    return call.await();
  }

  private static void answer(Queue<Runnable> questions) {
    Objects.requireNonNull(questions.poll()).run();
  }

  @Test
  void anExpiredCertificateIsTakenBack() {
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    GrpcClientResponse<X509SVIDRequest, X509SVIDResponse> stream = open();
    next(stream).await();
    identities.lose(WEB);
    end(stream);
    assertThat(stream.status()).isEqualTo(GrpcStatus.UNAVAILABLE);
  }

  @Test
  void withoutTheHeaderOfTheStandardNothingIsSaid() {
    identities.trust(authority.roots());
    for (String header : List.of("", "false", "True")) {
      assertThat(
              ended(
                      call(
                          WorkloadMethods.FETCH_X509_BUNDLES,
                          X509BundlesRequest.getDefaultInstance(),
                          header))
                  .status())
          .as(header)
          .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    }
  }

  @Test
  void whatTheStandardHasAndWeDoNotIsUnimplemented() {
    Method<X509BundlesRequest, X509BundlesResponse> unknown =
        new Method<>(
            WorkloadMethods.FETCH_X509_BUNDLES.service(),
            "FetchWITBundles",
            X509BundlesRequest.getDefaultInstance(),
            X509BundlesResponse.getDefaultInstance());
    assertThat(ended(call(unknown, X509BundlesRequest.getDefaultInstance(), "true")).status())
        .isEqualTo(GrpcStatus.UNIMPLEMENTED);
  }

  @Test
  void aReaderThatDoesNotReadIsDropped() {
    identities.trust(authority.roots());
    identities.renew(authority, WEB);
    AtomicReference<Throwable> broken = new AtomicReference<>();
    AtomicInteger renewals = new AtomicInteger();
    GrpcClientResponse<X509SVIDRequest, X509SVIDResponse> stream = open();
    stream.exceptionHandler(broken::set);
    stream.errorHandler(error -> broken.set(new IllegalStateException(error.toString())));
    stream.pause();
    Eventually.holds(
        "the stream is reset",
        () -> {
          if (renewals.incrementAndGet() < 2_000) {
            identities.renew(authority, WEB);
          }
          return broken.get() != null;
        });
    assertThat(next(open()).await().getSvids(0).getSpiffeId()).isEqualTo(WEB_ID);
  }

  private GrpcClientResponse<X509SVIDRequest, X509SVIDResponse> open() {
    return call(WorkloadMethods.FETCH_X509_SVID, X509SVIDRequest.getDefaultInstance(), "true")
        .await();
  }

  private <Q extends Message, R extends Message> Future<GrpcClientResponse<Q, R>> call(
      Method<Q, R> method, Q request, String header) {
    ServiceMethod<R, Q> client = method.client();
    return GrpcClient.client(vertx)
        .request(SocketAddress.domainSocketAddress(socket.toString()), client)
        .compose(
            call -> {
              if (!header.isEmpty()) {
                call.headers().set(WorkloadMethods.HEADER, header);
              }
              return call.send(request);
            })
        .map(
            response -> {
              response.pause();
              return response;
            });
  }

  private static <R> Future<R> next(GrpcClientResponse<?, R> stream) {
    io.vertx.core.Promise<R> next = io.vertx.core.Promise.promise();
    stream.handler(next::tryComplete);
    stream.fetch(1);
    return next.future().timeout(20, TimeUnit.SECONDS);
  }

  private static <Q, R> GrpcClientResponse<Q, R> ended(Future<GrpcClientResponse<Q, R>> call) {
    GrpcClientResponse<Q, R> response = call.await();
    end(response);
    return response;
  }

  private static void end(GrpcClientResponse<?, ?> response) {
    response.resume();
    response.end().otherwiseEmpty().timeout(20, TimeUnit.SECONDS).await();
  }
}
