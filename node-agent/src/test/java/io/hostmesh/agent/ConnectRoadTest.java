package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * CONNECT (RFC 9110 section 9.3.6): a service of the mesh may be a proxy, and what it answers with
 * 2xx is a tunnel. The services {@code far} and {@code near} speak HTTP/1.1, {@code far2} and
 * {@code near2} HTTP/2.
 */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class ConnectRoadTest {
  private static final int MUCH = 4 * 1024 * 1024;

  private final TestMesh mesh = new TestMesh();
  private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      vertx.createHttpClient(
          new HttpClientOptions()
              .setProtocolVersion(HttpVersion.HTTP_2)
              .setHttp2ClearTextUpgrade(false));
  private TcpApp proxy;

  @BeforeEach
  void start() throws Exception {
    proxy = new TcpApp(this::serve);
    int port =
        await(vertx.createHttpServer().requestHandler(this::serve).listen(0, "127.0.0.1"))
            .actualPort();
    mesh.services(proxy.port(), port);
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    proxy.close();
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** The target says what the proxy does. */
  private void serve(Socket socket) throws IOException {
    RawHttp http = new RawHttp(socket);
    while (true) {
      String head;
      try {
        head = http.head();
      } catch (IOException e) {
        return; // The agent closes connections that are idle.
      }
      seen.add(head);
      String target = head.split(" ", 3)[1];
      switch (target) {
        case "echo:7" -> {
          // A length here says nothing (RFC 9110 section 9.3.6), and proxies are known to send one.
          http.send(
              "HTTP/1.1 200 Connection established\r\nContent-Length: 0\r\nVia: p\r\n\r\nhi ");
          http.in().transferTo(socket.getOutputStream());
          http.send(" bye");
          return;
        }
        case "reset:7" -> {
          http.send("HTTP/1.1 204 Fine\r\n\r\nhalf");
          if (http.read() >= 0) {
            socket.setSoLinger(true, 0);
          }
          return;
        }
        case "much:7" -> {
          http.send("HTTP/1.1 200 Fine\r\n\r\n");
          http.in().readAllBytes(); // To the caller's end.
          socket.getOutputStream().write(new byte[MUCH]);
          return;
        }
        case "denied:7" ->
            http.send(
                "HTTP/1.1 407 Not you\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno");
        default -> http.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
      }
    }
  }

  private void serve(HttpServerRequest request) {
    seen.add(request.method() + " " + request.authority() + " " + request.version());
    switch (String.valueOf(request.authority())) {
      case "echo:7" -> {
        NetSocket socket = await0(request);
        socket.write("hi ");
        socket.handler(socket::write);
        socket.endHandler(_ -> socket.end(Buffer.buffer(" bye")));
      }
      case "reset:7" -> {
        NetSocket socket = await0(request);
        socket.write("half");
        socket.handler(_ -> request.response().reset(10));
      }
      default -> {
        request.response().setStatusCode(407).putHeader("proxy-authenticate", "Basic");
        var _ = request.response().end("no");
      }
    }
  }

  /** Answers 200 at once. */
  private static NetSocket await0(HttpServerRequest request) {
    Future<NetSocket> socket = request.toNetSocket();
    return socket.result();
  }

  private static String rest(RawHttp http) throws IOException {
    return new String(http.in().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void whatIsAnsweredWith2xxIsATunnel(String service) throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
      http.send("CONNECT echo:7 HTTP/1.1\r\nHost: echo:7\r\nContent-Length: 0\r\n\r\n");
      String head = http.head();
      assertThat(head).startsWith("HTTP/1.1 200 ");
      assertThat(head.toLowerCase(java.util.Locale.ROOT))
          .doesNotContain("content-length", "transfer-encoding", "connection:");
      assertThat(http.body(3)).isEqualTo("hi ");
      http.send("GET / HTTP/1.1\r\n\r\n");
      assertThat(http.body(18)).isEqualTo("GET / HTTP/1.1\r\n\r\n");
      http.socket.shutdownOutput(); // The other half goes on.
      assertThat(rest(http)).isEqualTo(" bye");
    }
    Eventually.holds(
        "the tunnel is one request in the log, whose bytes are counted",
        () ->
            mesh.h1.log.stream()
                .anyMatch(
                    line ->
                        line.contains("\"method\":\"CONNECT\",\"path\":\"echo:7\",\"status\":200")
                            && line.contains("\"request_bytes\":18,\"response_bytes\":25")
                            && line.contains("\"flags\":\"-\"")));
  }

  /** Both sides have ended while bytes are still on their way to one that reads slowly. */
  @ParameterizedTest
  @ValueSource(strings = {"far", "near"})
  void theTailArrivesAtASlowReader(String service) throws Exception {
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(mesh.h1.to(service));
      RawHttp http = new RawHttp(socket);
      http.send("CONNECT much:7 HTTP/1.1\r\nHost: much:7\r\n\r\n");
      assertThat(http.head()).startsWith("HTTP/1.1 200 ");
      socket.shutdownOutput();

      assertThat(http.in().readAllBytes()).hasSize(MUCH);
    }
  }

  @Test
  void theProxySeesTheRequestAsItWasWritten() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.send(
          "CONNECT echo:7 HTTP/1.1\r\nHOST: echo\r\nUser-Agent: a\r\nproxy-Authorization: b\r\n");
      http.send("Proxy-Connection: keep-alive\r\n\r\n");
      assertThat(http.head()).isEqualTo("HTTP/1.1 200 Connection established\r\nVia: p\r\n\r\n");
    }
    assertThat(seen.poll())
        .startsWith(
            "CONNECT echo:7 HTTP/1.1\r\nHOST: echo\r\nUser-Agent: a\r\nproxy-Authorization: b\r\n")
        .contains("x-forwarded-client-cert: By=")
        .doesNotContain("roxy-Connection", "ransfer-", "ontent-");
  }

  /** Old programs (socat's PROXY address) ask so. */
  @Test
  void http10OpensTunnelsToo() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.send("CONNECT echo:7 HTTP/1.0\r\n\r\n");
      assertThat(http.head()).startsWith("HTTP/1.1 200 ").doesNotContain("onnection:");
      assertThat(http.body(3)).isEqualTo("hi ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void anyOtherAnswerIsAnAnswer(String service) throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
      for (int i = 0; i < 3; i++) { // As NTLM does, which takes several on one connection.
        http.send("CONNECT denied:7 HTTP/1.1\r\nHost: denied:7\r\n\r\n");
        RawHttp.Answer answer = http.answer();
        assertThat(answer.status()).isEqualTo("407");
        assertThat(answer.has("proxy-authenticate: Basic")).isTrue();
        assertThat(answer.body()).isEqualTo("no");
      }
      http.send("CONNECT echo:7 HTTP/1.1\r\nHost: echo:7\r\n\r\n");
      assertThat(http.head()).startsWith("HTTP/1.1 200 ");
      assertThat(http.body(3)).isEqualTo("hi ");
    }
  }

  /** Bytes for the tunnel may come before it is there; they are never read as another request. */
  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void bytesThatComeTooEarlyWaitForTheTunnel(String service) throws Exception {
    String early = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
      http.send("CONNECT echo:7 HTTP/1.1\r\nHost: echo:7\r\n\r\n" + early);
      assertThat(http.head()).startsWith("HTTP/1.1 200 ");
      assertThat(http.body(3 + early.length())).isEqualTo("hi " + early);
    }
    try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
      http.send("CONNECT denied:7 HTTP/1.1\r\nHost: denied:7\r\n\r\n" + early);
      RawHttp.Answer answer = http.answer();
      assertThat(answer.status()).isEqualTo("407");
      assertThat(answer.has("connection: close")).isTrue();
      assertThat(http.read()).isEqualTo(-1);
    }
    assertThat(seen).noneMatch(head -> head.contains("smuggled"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void aResetArrivesAsOne(String service) throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
      http.send("CONNECT reset:7 HTTP/1.1\r\nHost: reset:7\r\n\r\n");
      assertThat(http.head()).startsWith("HTTP/1.1 20");
      assertThat(http.body(4)).isEqualTo("half");
      http.send("x");
      assertThatThrownBy(http::read).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CONNECT a HTTP/1.1|Host: a||",
        "CONNECT a: HTTP/1.1|Host: a||",
        "CONNECT :80 HTTP/1.1|Host: a||",
        "CONNECT a:0 HTTP/1.1|Host: a||",
        "CONNECT a:65536 HTTP/1.1|Host: a||",
        "CONNECT a:8x HTTP/1.1|Host: a||",
        "CONNECT u@a:80 HTTP/1.1|Host: a||",
        "CONNECT http://a:80 HTTP/1.1|Host: a||",
        "CONNECT / HTTP/1.1|Host: a||",
        "CONNECT * HTTP/1.1|Host: a||",
        "CONNECT a:80 HTTP/1.1||",
        "CONNECT a:80 HTTP/1.1|Host: a|Content-Length: 5||hello",
        "CONNECT a:80 HTTP/1.1|Host: a|Transfer-Encoding: chunked||0||",
        "GET a:80 HTTP/1.1|Host: a||",
      })
  void whatIsNoTargetOrHasABodyIsRefused(String request) throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      RawHttp.Answer answer = http.send(request.replace("|", "\r\n")).answer();
      assertThat(answer.status()).isEqualTo("400");
      assertThat(http.read()).isEqualTo(-1);
    }
    assertThat(seen).isEmpty();
  }

  /** It is judged as any request is: by its method; and it has no path that a grant could name. */
  @Test
  void accessRulesHoldForIt() throws Exception {
    mesh.mesh.access.put(
        ServiceName.of("far"),
        TcpRoadTest.access("kind=access,service=far,allow=[{from=web,paths=[\"/*\"]}]"));
    assertThat(connect("far")).isEqualTo("403");
    mesh.mesh.access.put(
        ServiceName.of("far"),
        TcpRoadTest.access("kind=access,service=far,allow=[{from=web,methods=[GET]}]"));
    assertThat(connect("far")).isEqualTo("403");
    mesh.mesh.access.put(
        ServiceName.of("far"),
        TcpRoadTest.access("kind=access,service=far,allow=[{from=web,methods=[CONNECT]}]"));
    assertThat(connect("far")).isEqualTo("200");
  }

  private String connect(String service) throws IOException {
    try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
      return http.send("CONNECT echo:7 HTTP/1.1\r\nHost: echo:7\r\n\r\n").head().substring(9, 12);
    }
  }

  // HTTP/2 from the caller.

  private Future<HttpClientRequest> request(InetSocketAddress address, String authority) {
    return client.request(
        new RequestOptions()
            .setServer(SocketAddress.inetSocketAddress(address.getPort(), "127.0.0.1"))
            .setMethod(HttpMethod.CONNECT)
            .setHost(authority)
            .setPort(7));
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void aStreamOfHttp2IsATunnelToo(String service) {
    Buffer got = Buffer.buffer();
    Future<Void> ended =
        request(mesh.h1.to(service), "echo")
            .compose(HttpClientRequest::connect)
            .compose(
                answer -> {
                  assertThat(answer.statusCode()).isEqualTo(200);
                  NetSocket socket = answer.netSocket();
                  Future<Void> end =
                      Future.future(promise -> socket.closeHandler(_ -> promise.tryComplete()));
                  socket.handler(got::appendBuffer);
                  return socket.end(Buffer.buffer("ping")).compose(_ -> end);
                });
    await(ended);
    assertThat(got).hasToString("hi ping bye");
    assertThat(List.copyOf(seen).getFirst()).startsWith("CONNECT echo:7 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void anyOtherAnswerIsAnAnswerOnHttp2(String service) {
    Future<String> answer =
        request(mesh.h1.to(service), "denied")
            .compose(HttpClientRequest::connect)
            .compose(head -> head.body().map(body -> head.statusCode() + " " + body));
    assertThat(await(answer)).isEqualTo("407 no");
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void aResetIsAResetOfTheStream(String service) {
    Future<Throwable> broken =
        request(mesh.h1.to(service), "reset")
            .compose(HttpClientRequest::connect)
            .compose(
                answer -> {
                  NetSocket socket = answer.netSocket();
                  Future<Throwable> failed =
                      Future.future(promise -> socket.exceptionHandler(promise::tryComplete));
                  socket.handler(_ -> socket.write("x"));
                  return failed;
                });
    // CONNECT_ERROR (RFC 9113 section 8.5).
    assertThat(await(broken)).hasMessageContaining("reset: 10");
  }
}
