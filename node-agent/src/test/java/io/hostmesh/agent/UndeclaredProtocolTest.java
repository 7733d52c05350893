package io.hostmesh.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A service that declares no protocol is taken for what its callers send first. */
@Timeout(60)
class UndeclaredProtocolTest {
  /** Detection's 50 ms, and a round trip through two agents on a busy machine. */
  private static final Duration GREETED = Duration.ofMillis(50 + 100);

  private final TestMesh mesh = new TestMesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private void everywhere(TcpApp app) {
    mesh.service(mesh.h2, "far", "f1", Protocol.AUTO, app.port(), "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.AUTO, app.port(), "v1");
  }

  /** Through two agents, through one, and to the port itself. */
  private List<InetSocketAddress> roads() {
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", true, false);
    return List.of(mesh.h1.to("far"), mesh.h1.to("near"), mesh.h1.captured("n1"));
  }

  private static Socket connect(InetSocketAddress address) throws IOException {
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private static TcpApp http(String body) throws IOException {
    return TcpApp.http(
        _ -> "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
  }

  private static TcpApp greeter() throws IOException {
    return new TcpApp(
        socket -> {
          socket.getOutputStream().write("220 ready\r\n".getBytes(US_ASCII));
          socket.getInputStream().transferTo(socket.getOutputStream());
          socket.shutdownOutput();
        });
  }

  @Test
  void aServerThatSpeaksFirstIsNotStalled() throws Exception {
    try (TcpApp app = greeter()) {
      everywhere(app);
      for (InetSocketAddress road : roads()) {
        // The best of several: the first ones pay for classes and handshakes.
        assertThat(Stream.generate(() -> greeted(road)).limit(10).min(Comparator.naturalOrder()))
            .hasValueSatisfying(best -> assertThat(best).isLessThan(GREETED));
      }
    }
  }

  private static Duration greeted(InetSocketAddress road) {
    long begin = System.nanoTime();
    try (Socket socket = connect(road)) {
      assertThat(socket.getInputStream().readNBytes(11)).asString().isEqualTo("220 ready\r\n");
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      socket.getOutputStream().write("QUIT\r\n".getBytes(US_ASCII));
      socket.shutdownOutput();
      assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("QUIT\r\n");
      return took;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void bytesThatAreNoRequestPassAtOnce() throws Exception {
    try (TcpApp app = greeter()) {
      everywhere(app);
      for (InetSocketAddress road : roads()) {
        try (Socket socket = connect(road)) {
          socket.getOutputStream().write("EHLO a\r\n".getBytes(US_ASCII));
          socket.shutdownOutput();
          assertThat(socket.getInputStream().readAllBytes())
              .asString()
              .isEqualTo("220 ready\r\nEHLO a\r\n");
        }
      }
    }
  }

  @Test
  void aClientThatOnlyEndsIsPassedOn() throws Exception {
    try (TcpApp app = greeter()) {
      everywhere(app);
      for (InetSocketAddress road : roads()) {
        try (Socket socket = connect(road)) {
          socket.shutdownOutput();
          assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("220 ready\r\n");
        }
      }
    }
  }

  /** The greeting is what it waits for: "G" could be a request's first byte. */
  @Test
  void aClientThatStopsInAPossibleRequestIsPassedOn() throws Exception {
    try (TcpApp app = greeter()) {
      everywhere(app);
      for (InetSocketAddress road : roads()) {
        try (Socket socket = connect(road)) {
          socket.getOutputStream().write('G');
          assertThat(socket.getInputStream().readNBytes(12)).asString().isEqualTo("220 ready\r\nG");
        }
      }
    }
  }

  @Test
  void aRequestIsReadAsOne() throws Exception {
    try (TcpApp app = http("hi")) {
      everywhere(app);
      for (InetSocketAddress road : roads()) {
        try (RawHttp http = new RawHttp(road)) {
          assertThat(http.get("/a").answer().body()).isEqualTo("hi");
          assertThat(http.get("/b").answer().body()).isEqualTo("hi");
        }
      }
    }
    Eventually.holds("requests are logged", () -> mesh.h1.log.size() == 8);
    assertThat(mesh.h2.log).hasSize(2);
    assertThat(mesh.h2.log.peek()).contains("\"path\":\"/a\"").contains("svc/web");
  }

  @Test
  void aRequestMayComeByteByByte() throws Exception {
    try (TcpApp app = http("hi")) {
      everywhere(app);
      try (Socket socket = connect(mesh.h1.to("far"));
          RawHttp http = new RawHttp(socket)) {
        for (byte b : "GET /a HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII)) {
          socket.getOutputStream().write(b);
        }
        assertThat(http.answer().body()).isEqualTo("hi");
      }
    }
    Eventually.holds("the request is logged", () -> !mesh.h2.log.isEmpty());
    assertThat(mesh.h2.log.peek()).contains("\"path\":\"/a\"");
  }

  @Test
  void requestsAreRoutedAndJudgedByRequest() throws Exception {
    try (TcpApp one = http("v1");
        TcpApp two = http("v2")) {
      mesh.service(mesh.h2, "far", "f1", Protocol.AUTO, one.port(), "v1");
      mesh.service(mesh.h2, "far", "f2", Protocol.AUTO, two.port(), "v2");
      ServiceName far = ServiceName.of("far");
      mesh.mesh.routes.put(
          far,
          route(
              "kind=route,service=far,subsets{v1{version=v1},v2{version=v2}},"
                  + "rules=[{match{header{user=jason}},to=[{subset=v2}]},{to=[{subset=v1}]}]"));
      mesh.mesh.access.put(
          far, TcpRoadTest.access("kind=access,service=far,allow=[{from=web,paths=[\"/a\"]}]"));
      try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
        assertThat(http.get("/a", "user: jason").answer().body()).isEqualTo("v2");
        assertThat(http.get("/a").answer().body()).isEqualTo("v1");
        assertThat(http.get("/b").answer().status()).isEqualTo("403");
      }
    }
  }

  @Test
  void bytesAreRefusedWhereTheRouteGoesByRequests() throws Exception {
    try (TcpApp app = greeter()) {
      everywhere(app);
      mesh.mesh.routes.put(
          ServiceName.of("far"),
          route("kind=route,service=far,rules=[{match{path=\"/a\"},to=[{weight=1}]}]"));
      refused(mesh.h1.to("far"));
      assertThat(app.accepted).hasValue(0);
    }
    assertThat(mesh.h1.log.peek()).contains("the route of").contains("matches on requests");
  }

  @Test
  void bytesAreRefusedWhereAccessGoesByRequests() throws Exception {
    try (TcpApp app = greeter()) {
      everywhere(app);
      for (String service : List.of("far", "near")) {
        mesh.mesh.access.put(
            ServiceName.of(service),
            TcpRoadTest.access(
                "kind=access,service=" + service + ",allow=[{from=web,paths=[\"/a\"]}]"));
      }
      for (InetSocketAddress road : roads()) {
        refused(road);
      }
      assertThat(app.accepted).hasValue(0);
    }
  }

  private static void refused(InetSocketAddress road) throws IOException {
    try (Socket socket = connect(road)) {
      assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
    }
  }

  /** The caller's detection never overrules what the receiver knows. */
  @Test
  void theReceiverGoesByItsOwnDeclaration() throws Exception {
    try (TcpApp app = http("hi")) {
      mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
      mesh.service(mesh.h2, "bytes", "b1", Protocol.TCP, app.port(), "v1");
      for (String service : List.of("far", "bytes")) {
        mesh.mesh.directory.computeIfPresent(
            ServiceName.of(service),
            (name, entry) ->
                new io.hostmesh.agent.discovery.DirectoryEntry(
                    name, "dc1", Protocol.AUTO, entry.virtualAddresses(), entry.addresses()));
      }
      refused(mesh.h1.to("far"));
      assertThat(mesh.h1.log.peek()).contains("speaks http");
      try (RawHttp http = new RawHttp(mesh.h1.to("bytes"))) {
        assertThat(http.get("/").answer().status()).isEqualTo("501");
      }
    }
  }

  @Test
  void aCallerWithoutIdentityIsToldInItsOwnProtocol() throws Exception {
    try (TcpApp app = http("hi")) {
      everywhere(app);
      mesh.h1.caller = new Caller.Unknown("the process of uid 1000");
      try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
        assertThat(http.get("/").answer().body()).contains("uid 1000");
      }
      refused(mesh.h1.to("far"));
    }
  }

  @Test
  void http2ReachesTheApplicationAsHttp2() throws Exception {
    Vertx vertx = Vertx.vertx();
    try {
      HttpServer server =
          vertx
              .createHttpServer()
              .requestHandler(
                  request ->
                      request
                          .response()
                          .end(request.version() + " " + request.getHeader("hostmesh-http")))
              .listen(0, "127.0.0.1")
              .toCompletionStage()
              .toCompletableFuture()
              .get(20, TimeUnit.SECONDS);
      mesh.service(mesh.h2, "far", "f1", Protocol.AUTO, server.actualPort(), "v1");
      mesh.service(mesh.h1, "near", "n1", Protocol.AUTO, server.actualPort(), "v1");
      HttpClient client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setHttp2ClearTextUpgrade(false));
      for (InetSocketAddress road : roads()) {
        String seen =
            client
                .request(HttpMethod.GET, road.getPort(), "127.0.0.1", "/")
                .compose(request -> request.send().compose(HttpClientResponse::body))
                .toCompletionStage()
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS)
                .toString();
        assertThat(seen).isEqualTo("HTTP_2 null");
        try (RawHttp http = new RawHttp(road)) {
          assertThat(http.get("/", "Hostmesh-HTTP: 2").answer().body()).isEqualTo("HTTP_1_1 null");
        }
      }
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
  }

  private static RouteTable route(String rule) {
    return RouteTable.compile((RouteRule) RuleParser.parse("test", rule));
  }
}
