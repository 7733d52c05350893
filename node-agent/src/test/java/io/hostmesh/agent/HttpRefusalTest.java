package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.testing.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class HttpRefusalTest {
  private static final ServiceName GREETER = ServiceName.of("greeter");

  private final TestMesh mesh = new TestMesh();
  private TcpApp app;

  @BeforeEach
  void start() throws Exception {
    app =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              while (true) {
                try {
                  http.answer();
                } catch (IOException e) {
                  return;
                }
                http.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
              }
            });
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private RawHttp.Answer get(String path) throws IOException {
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      return http.get(path).answer();
    }
  }

  private void refused(RawHttp.Answer answer, int status, String reason) {
    assertThat(answer.status()).isEqualTo(String.valueOf(status));
    assertThat(answer.body()).contains(reason).endsWith("\n");
    assertThat(answer.has("hostmesh-failure")).isFalse();
  }

  private void logged(TestMesh.Agent agent, String... what) {
    Eventually.holds(
        "a line with " + List.of(what) + " in " + agent.log,
        () -> agent.log.stream().anyMatch(line -> List.of(what).stream().allMatch(line::contains)));
  }

  private void counted(Failure.Kind kind, int times) {
    Eventually.holds(times + " " + kind, () -> mesh.h2.metrics.failures(kind) == times);
  }

  @Test
  void aProcessOfNoServiceIsToldHowToBecomeOne() throws Exception {
    mesh.h1.caller = new Caller.Unknown("the process of uid 1000 in cgroup /user.slice");
    refused(get("/"), 403, "uid 1000 in cgroup /user.slice belongs to no service of this host");
    logged(mesh.h1, "\"flags\":\"UAEX\"", "services.d");
  }

  @Test
  void whatNoGrantAllowsIsDenied() throws Exception {
    mesh.mesh.access.put(
        GREETER,
        TcpRoadTest.access(
            "kind=access,service=greeter,allow=[{from=web,methods=[GET],paths=[\"/api/*\"]}]"));
    assertThat(get("/api/x").status()).isEqualTo("200");
    refused(get("/admin"), 403, "denied by the access rule of greeter: it does not allow web with");
    refused(get("/api/../admin"), 403, "denied by the access rule");
    refused(get("/api/%2e%2e/admin"), 403, "denied by the access rule");
    mesh.h1.svids.put(ServiceName.of("batch"), mesh.authority.issue(TestMesh.id("batch")));
    mesh.h1.caller = new Caller.Service(ServiceName.of("batch"));
    refused(get("/api/x"), 403, "does not allow batch");
    counted(Failure.Kind.ACCESS_DENIED, 4);
  }

  @Test
  void aDeniedRequestDoesNotEndTheConnection() throws Exception {
    mesh.mesh.access.put(
        GREETER,
        TcpRoadTest.access("kind=access,service=greeter,allow=[{from=web,paths=[\"/a\"]}]"));
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      assertThat(http.get("/b").answer().status()).isEqualTo("403");
      assertThat(http.get("/a").answer().status()).isEqualTo("200");
    }
  }

  @Test
  void aRefusalReachesACallerThatIsStillSending() throws Exception {
    mesh.h1.caller = new Caller.Unknown("the process of uid 1000");
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      http.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
      http.socket.getOutputStream().write(new byte[300_000]);
      RawHttp.Answer answer = http.answer();
      assertThat(answer.status()).isEqualTo("403");
      assertThat(answer.has("connection: close")).isTrue();
      assertThat(http.read()).isEqualTo(-1);
    }
  }

  @Test
  void theMeshMayDenyByDefault() throws Exception {
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", false, true);
    refused(get("/"), 403, "mesh.default-access = deny");
  }

  @Test
  void aServerThatIsAnotherServiceGetsNothing() throws Exception {
    mesh.h2.svids.put(GREETER, mesh.authority.issue(TestMesh.id("other")));
    refused(get("/secret"), 503, "it proved to be spiffe://test.local/ns/default/dc/dc1/svc/other");
    logged(mesh.h1, "\"flags\":\"UF\"");
    assertThat(mesh.h2.log.stream().noneMatch(line -> line.contains("secret"))).isTrue();
  }

  @Test
  void anAuthorityThatNobodyTrustsProvesNothing() throws Exception {
    mesh.h2.svids.put(GREETER, new TestAuthority("test.local").issue(TestMesh.id("greeter")));
    refused(get("/"), 503, "could not connect to greeter instance g1");
  }

  @Test
  void aCallerWithoutACertificateIsToldSo() throws Exception {
    mesh.h1.svids.clear();
    refused(get("/"), 503, "web has no certificate yet");
  }

  @Test
  void aRenewedCertificateIsUsedByTheNextRequest() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      assertThat(http.get("/").answer().status()).isEqualTo("200");
      mesh.h1.svids.put(ServiceName.of("web"), mesh.authority.issue(TestMesh.id("web")));
      mesh.h2.svids.put(GREETER, mesh.authority.issue(TestMesh.id("greeter")));
      assertThat(http.get("/").answer().status()).isEqualTo("200");
    }
  }

  @Test
  void anInstanceThatIsNotOnTheHostIsRefusedInTheHandshake() throws Exception {
    mesh.h2.instances.clear();
    refused(get("/"), 503, "could not connect to greeter");
    logged(mesh.h2, "no instance g1.greeter.default.dc1.test.local is registered on this host");
  }

  @Test
  void anApplicationThatIsDownIsNamed() throws Exception {
    app.close();
    refused(get("/"), 503, "could not connect to greeter instance g1 at 127.0.0.1");
    logged(mesh.h1, "\"flags\":\"UF\"");
  }

  @Test
  void aRequestGoesElsewhereWhereNothingOfItWasSent() throws Exception {
    TcpApp dead = new TcpApp(_ -> {});
    dead.close();
    mesh.service(mesh.h2, "greeter", "dead", Protocol.HTTP, dead.port(), "v1");
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      for (int i = 0; i < 20; i++) {
        assertThat(http.get("/").answer().status()).isEqualTo("200");
      }
    }
  }

  @Test
  void aReadIsRepeatedElsewhereWhereTheOtherAgentIsGone() throws Exception {
    mesh.service(mesh.h1, "greeter", "near", Protocol.HTTP, app.port(), "v1");
    Endpoint far =
        Objects.requireNonNull(mesh.mesh.endpoints.get(GREETER)).stream()
            .filter(endpoint -> endpoint.node().equals("h2"))
            .findFirst()
            .orElseThrow();
    List<Endpoint> both = Objects.requireNonNull(mesh.mesh.endpoints.get(GREETER));
    try (TcpApp hangs =
        new TcpApp(
            socket ->
                socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream()))) {
      mesh.mesh.endpoints.put(GREETER, List.of(far));
      mesh.h2.instances.put(
          "g1",
          new io.hostmesh.agent.inbound.LocalInstance(
              GREETER,
              "g1",
              Protocol.HTTP,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), hangs.port())));
      try (RawHttp read = new RawHttp(mesh.h1.to("greeter"));
          RawHttp write = new RawHttp(mesh.h1.to("greeter"))) {
        read.get("/");
        write.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        Eventually.holds("both are under way", () -> hangs.accepted.get() == 2);
        mesh.mesh.endpoints.put(GREETER, both);
        mesh.h2.path.close();
        assertThat(read.answer().status()).isEqualTo("200");
        RawHttp.Answer written = write.answer();
        assertThat(written.status()).isEqualTo("503");
        assertThat(written.body()).contains("closed before the end of the answer");
      }
    }
    logged(mesh.h1, "\"flags\":\"UC\"", "POST");
  }

  @Test
  void aPortThatSomebodyElseTookGetsNothing() throws Exception {
    mesh.h2.listenerRefusal = Optional.of("uid 1001 listens on the port of greeter");
    refused(get("/"), 503, "uid 1001 listens");
    counted(Failure.Kind.LISTENER_REFUSED, 1);
  }

  @Test
  void unknownAndUnhealthyEndpointsHaveTheirOwnFlags() throws Exception {
    List<Endpoint> known = Objects.requireNonNull(mesh.mesh.endpoints.remove(GREETER));
    refused(get("/"), 503, "does not know yet where greeter runs");
    logged(mesh.h1, "\"flags\":\"NR\"");
    mesh.mesh.pilot.put(GREETER, known);
    assertThat(get("/").status()).isEqualTo("200");
    Endpoint one = known.getFirst();
    mesh.mesh.endpoints.put(
        GREETER,
        List.of(
            new Endpoint(
                one.service(),
                one.instance(),
                one.node(),
                one.application(),
                one.mesh(),
                false,
                Map.of())));
    refused(get("/"), 503, "no instance of greeter is healthy");
    logged(mesh.h1, "\"flags\":\"UH\"");
  }

  @Test
  void anInstanceOutsideOfTheMeshIsCalledInPlaintext() throws Exception {
    mesh.mesh.endpoints.put(
        GREETER,
        List.of(
            new Endpoint(
                GREETER,
                "out",
                "vm9",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), app.port()),
                Optional.empty(),
                true,
                Map.of())));
    assertThat(get("/").status()).isEqualTo("200");
  }

  @Test
  void aGrpcCallerGetsItsOwnKindOfRefusal() throws Exception {
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", false, true);
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      RawHttp.Answer answer = http.get("/a.B/c", "Content-Type: application/grpc").answer();
      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.has("grpc-status: 7")).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'POST / HTTP/1.1|Host: a|Content-Length: 3|Transfer-Encoding: chunked||0||', 400",
    "'POST / HTTP/1.1|Host: a|Content-Length: 3|Content-Length: 4||abcd', 400",
    "'POST / HTTP/1.1|Host: a|Content-Length: +3||abc', 400",
    "'POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||0||', 501",
    "'GET / HTTP/1.1|Host: a|Host: b||', 400",
    "'GET / HTTP/1.1||', 400",
    "'GET / HTTP/1.1|Host: a|X : b||', 400",
    "'GET /a b HTTP/1.1|Host: a||', 400",
    "'GET nowhere HTTP/1.1|Host: a||', 400",
    "'GET / HTTP/3.1|Host: a||', 400",
  })
  void malformedRequestsAreRefusedAndTheConnectionCloses(String request, String status)
      throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      RawHttp.Answer answer = http.send(request.replace("|", "\r\n")).answer();
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.has("connection: close")).isTrue();
      assertThat(http.read()).isEqualTo(-1);
    }
  }

  @Test
  void headsThatAreTooLargeAreRefused() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      assertThat(http.get("/" + "a".repeat(20_000)).answer().status()).isEqualTo("414");
    }
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      assertThat(http.get("/", "X-A: " + "a".repeat(70_000)).answer().status()).isEqualTo("431");
    }
  }

  @Test
  void aRequestToAServicesOwnPortIsJudgedLikeAnyOther() throws Exception {
    mesh.mesh.access.put(
        GREETER, TcpRoadTest.access("kind=access,service=greeter,allow=[{from=api}]"));
    InetSocketAddress port = mesh.h2.captured("g1");
    mesh.h2.caller = new Caller.Service(ServiceName.of("web"));
    assertThat(direct(port).status()).isEqualTo("403");
    mesh.h2.caller = new Caller.Service(ServiceName.of("api"));
    assertThat(direct(port).status()).isEqualTo("200");
    mesh.h2.caller = new Caller.Service(GREETER);
    assertThat(direct(port).status()).isEqualTo("200");
    mesh.h2.caller = new Caller.Remote(Optional.empty());
    refused(direct(port), 403, "the mesh is strict");
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", true, false);
    refused(direct(port), 403, "a caller without an identity");
    mesh.mesh.access.clear();
    assertThat(direct(port).status()).isEqualTo("200");
    assertThat(mesh.h2.registry.get("hostmesh_plaintext_connections").counter().count())
        .isEqualTo(1);
  }

  private static RawHttp.Answer direct(InetSocketAddress port) throws IOException {
    try (RawHttp http = new RawHttp(port)) {
      return http.get("/").answer();
    }
  }
}
