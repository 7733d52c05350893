package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.hostmesh.api.v1.CheckRequest;
import io.hostmesh.api.v1.CheckResponse;
import io.hostmesh.api.v1.CheckedHttpStatus;
import io.hostmesh.api.v1.DeniedHttpResponse;
import io.hostmesh.api.v1.ErrorDetail;
import io.hostmesh.api.v1.HeaderValue;
import io.hostmesh.api.v1.HeaderValueOption;
import io.hostmesh.api.v1.OkHttpResponse;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real gRPC server decides on requests. */
@Timeout(60)
class ExternalAuthorisationTest {
  private static final ServiceName FAR = ServiceName.of("far");
  private static final CheckResponse YES = CheckResponse.getDefaultInstance();

  private final TestMesh mesh = new TestMesh();
  private final ConcurrentLinkedQueue<CheckRequest> questions = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Metadata> heads = new ConcurrentLinkedQueue<>();
  private final AtomicInteger cancelled = new AtomicInteger();
  private volatile Function<CheckRequest, CheckResponse> says = _ -> YES;
  private volatile boolean silent;
  private volatile String seen = "";
  private TcpApp app;
  private Server server;

  @BeforeEach
  void start() throws Exception {
    app =
        TcpApp.http(
            request -> {
              seen = request.head() + request.body();
              return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            });
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                ServerServiceDefinition.builder("envoy.service.auth.v3.Authorization")
                    .addMethod(METHOD, handler())
                    .build())
            .build()
            .start();
    rule(address(server.getPort()), Set.of(), List.of(), false, Set.of());
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  private static Authoriser address(int port) {
    return new Authoriser.Address("127.0.0.1", port);
  }

  private void rule(
      Authoriser authoriser,
      Set<String> methods,
      List<PathPattern> paths,
      boolean allowOnFailure,
      Set<String> headers) {
    mesh.mesh.external.put(
        FAR,
        List.of(
            new ExternalAuthorizationRule(
                Scope.of(FAR),
                authoriser,
                methods,
                paths,
                Duration.ofMillis(silent ? 200 : 10_000),
                allowOnFailure,
                headers,
                new Origin("test", 1, ""))));
  }

  private static final MethodDescriptor<CheckRequest, CheckResponse> METHOD =
      MethodDescriptor.<CheckRequest, CheckResponse>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("envoy.service.auth.v3.Authorization/Check")
          .setRequestMarshaller(
              new MethodDescriptor.Marshaller<>() {
                @Override
                public InputStream stream(CheckRequest value) {
                  return value.toByteString().newInput();
                }

                @Override
                public CheckRequest parse(InputStream stream) {
                  try {
                    return CheckRequest.parseFrom(stream);
                  } catch (InvalidProtocolBufferException e) {
                    throw Status.INTERNAL.withCause(e).asRuntimeException();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }
              })
          .setResponseMarshaller(
              new MethodDescriptor.Marshaller<>() {
                @Override
                public InputStream stream(CheckResponse value) {
                  return value.toByteString().newInput();
                }

                @Override
                public CheckResponse parse(InputStream stream) {
                  throw new UnsupportedOperationException();
                }
              })
          .build();

  private ServerCallHandler<CheckRequest, CheckResponse> handler() {
    return (call, head) -> {
      heads.add(head);
      call.request(1);
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(CheckRequest question) {
          questions.add(question);
          if (!silent) {
            call.sendHeaders(new Metadata());
            call.sendMessage(says.apply(question));
            call.close(Status.OK, new Metadata());
          }
        }

        @Override
        public void onCancel() {
          cancelled.incrementAndGet();
        }
      };
    };
  }

  private static HeaderValueOption header(String name, String value) {
    return HeaderValueOption.newBuilder()
        .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value))
        .build();
  }

  private RawHttp.Answer get(String path, String... headers) throws IOException {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      return http.get(path, headers).answer();
    }
  }

  @Test
  void itIsToldWhoWantsWhat() throws Exception {
    rule(address(server.getPort()), Set.of(), List.of(), false, Set.of("x-a", "cookie"));
    assertThat(get("/p?q=1", "X-A: 1", "x-a: 2", "Authorization: secret").status())
        .isEqualTo("200");
    var attributes = questions.remove().getAttributes();
    assertThat(attributes.getSource().getPrincipal())
        .isEqualTo("spiffe://test.local/ns/default/dc/dc1/svc/web");
    assertThat(attributes.getDestination().getPrincipal())
        .isEqualTo("spiffe://test.local/ns/default/dc/dc1/svc/far");
    var http = attributes.getRequest().getHttp();
    assertThat(http.getMethod()).isEqualTo("GET");
    assertThat(http.getPath()).isEqualTo("/p?q=1");
    assertThat(http.getHost()).isEqualTo("greeter.mesh");
    assertThat(http.getHeadersMap()).containsOnlyKeys("x-a").containsEntry("x-a", "1,2");
  }

  @Test
  void itsYesMayChangeHeadersButNotTheMeshs() throws Exception {
    says =
        _ ->
            CheckResponse.newBuilder()
                .setOkResponse(
                    OkHttpResponse.newBuilder()
                        .addHeaders(header("x-user", "ann"))
                        .addHeaders(header("x-forwarded-client-cert", "URI=king"))
                        .addHeaders(header("content-length", "77"))
                        .addHeaders(header("x-bad", "a\r\nking: 1"))
                        .addHeadersToRemove("x-secret")
                        .addHeadersToRemove("host")
                        .addResponseHeadersToAdd(header("x-checked", "yes")))
                .build();
    RawHttp.Answer answer = get("/", "x-user: king", "x_user: king", "X-Secret: 1");
    assertThat(answer.status()).isEqualTo("200");
    assertThat(answer.head()).contains("x-checked: yes");
    assertThat(seen)
        .contains("x-user: ann")
        .containsIgnoringCase("host: greeter.mesh")
        .contains("URI=spiffe://test.local/ns/default/dc/dc1/svc/web")
        .doesNotContain("king")
        .doesNotContainIgnoringCase("x-secret")
        .doesNotContainIgnoringCase("content-length");
  }

  @Test
  void itsNoIsTheAnswer() throws Exception {
    says =
        _ ->
            CheckResponse.newBuilder()
                .setStatus(ErrorDetail.newBuilder().setCode(7))
                .setDeniedResponse(
                    DeniedHttpResponse.newBuilder()
                        .setStatus(CheckedHttpStatus.newBuilder().setCodeValue(302))
                        .addHeaders(header("location", "https://login.example"))
                        .setBody("over there"))
                .build();
    RawHttp.Answer answer = get("/");
    assertThat(answer.status()).isEqualTo("302");
    assertThat(answer.head()).contains("location: https://login.example");
    assertThat(answer.body()).isEqualTo("over there");
    assertThat(seen).isEmpty();
    assertThat(get("/", "Content-Type: application/grpc").head()).contains("grpc-status: 7");
    Eventually.holds(
        "the reason in the log",
        () -> mesh.h2.log.stream().anyMatch(line -> line.contains("denied by 127.0.0.1:")));
  }

  @Test
  void onlyWhatTheRuleNamesIsAsked() throws Exception {
    says = _ -> CheckResponse.newBuilder().setStatus(ErrorDetail.newBuilder().setCode(7)).build();
    rule(
        address(server.getPort()),
        Set.of("GET"),
        List.of(new PathPattern("/admin/*")),
        false,
        Set.of());
    assertThat(get("/open").status()).isEqualTo("200");
    assertThat(get("/admin/x").status()).isEqualTo("403");
    assertThat(get("/open/..//%61dmin/x").status()).isEqualTo("403");
    assertThat(get("/admin;x/y").status()).isEqualTo("403");
    assertThat(get("/open/..%2fadmin/x").status()).isEqualTo("400");
    assertThat(questions).hasSize(3);
  }

  @Test
  void oneThatDoesNotAnswerDeniesOrAllowsByTheRule() throws Exception {
    silent = true;
    rule(address(server.getPort()), Set.of(), List.of(), false, Set.of());
    RawHttp.Answer late = get("/");
    assertThat(late.status()).isEqualTo("403");
    assertThat(late.body()).contains("has not answered within 200 ms");
    rule(address(server.getPort()), Set.of(), List.of(), true, Set.of());
    assertThat(get("/").status()).isEqualTo("200");
    Eventually.holds("calls that are given up", () -> cancelled.get() == 2);
  }

  @Test
  void oneThatIsAwayDeniesOrAllowsByTheRule() throws Exception {
    int nobody;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = free.getLocalPort();
    }
    rule(address(nobody), Set.of(), List.of(), false, Set.of());
    RawHttp.Answer answer = get("/");
    assertThat(answer.status()).isEqualTo("403");
    assertThat(answer.body()).contains("cannot be asked");
    rule(address(nobody), Set.of(), List.of(), true, Set.of());
    assertThat(get("/").status()).isEqualTo("200");
    rule(new Authoriser.Nobody(), Set.of(), List.of(), false, Set.of());
    assertThat(get("/").status()).isEqualTo("403");
  }

  @Test
  void aBodyWaitsAndArrivesWhole() throws Exception {
    String body = "x".repeat(1 << 20);
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
      assertThat(http.answer().status()).isEqualTo("200");
    }
    assertThat(seen).endsWith("\r\n\r\n" + body);
  }

  @Test
  void nobodyIsAskedForACallerThatIsGone() throws Exception {
    silent = true;
    mesh.mesh.external.put(
        FAR,
        List.of(
            new ExternalAuthorizationRule(
                Scope.of(FAR),
                address(server.getPort()),
                Set.of(),
                List.of(),
                Duration.ofSeconds(60),
                false,
                Set.of(),
                new Origin("test", 1, ""))));
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.get("/");
      Eventually.holds("the question", () -> questions.size() == 1);
    }
    Eventually.holds("the call is given up", () -> cancelled.get() == 1);
    assertThat(seen).isEmpty();
  }

  @Test
  void itMayBeAServiceOfTheMesh() throws Exception {
    mesh.service(mesh.h1, "authz", "a1", Protocol.GRPC, server.getPort(), "v1");
    rule(new Authoriser.Service(ServiceName.of("authz")), Set.of(), List.of(), false, Set.of());
    assertThat(get("/").status()).isEqualTo("200");
    assertThat(
            heads
                .remove()
                .get(Metadata.Key.of("x-forwarded-client-cert", Metadata.ASCII_STRING_MARSHALLER)))
        .contains("URI=spiffe://test.local/ns/default/dc/dc1/svc/far");
  }
}
