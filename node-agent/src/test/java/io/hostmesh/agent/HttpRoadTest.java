package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class HttpRoadTest {
  private TestMesh mesh;
  private TcpApp app;

  /** Answers by the path, keeping the connection. */
  private static void serve(java.net.Socket socket) throws Exception {
    RawHttp http = new RawHttp(socket);
    while (true) {
      RawHttp.Answer request;
      try {
        request = http.answer();
      } catch (IOException e) {
        return; // The agent closes connections that are idle.
      }
      String path = request.head().split(" ", 3)[1];
      switch (path) {
        case "/empty" -> http.send("HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
        case "/unchanged" ->
            http.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: x\r\n\r\n");
        case "/head" -> http.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
        case "/chunks" ->
            http.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
                    + "4\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 9\r\n\r\n");
        case "/close" -> {
          http.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
          return;
        }
        case "/broken" -> {
          http.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
          socket.setSoLinger(true, 0);
          return;
        }
        case "/short" -> {
          http.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
          return;
        }
        case "/short-chunks" -> {
          http.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
          return;
        }
        case "/garbage" -> {
          http.send("220 smtp ready\r\n\r\n");
          return;
        }
        case "/hints" ->
            http.send(
                "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        default -> {
          String seen = request.head() + request.body();
          http.send("HTTP/1.1 200 OK\r\nContent-Length: " + seen.length() + "\r\n\r\n" + seen);
        }
      }
    }
  }

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh();
    app = new TcpApp(HttpRoadTest::serve);
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private RawHttp call() throws IOException {
    return new RawHttp(mesh.h1.to("greeter"));
  }

  @Test
  void whoMustBeAskedForIsWaitedForOnBothSides() throws Exception {
    mesh.h1.helperMillis = 200;
    mesh.h2.helperMillis = 200;
    try (RawHttp http = call()) {
      assertThat(http.get("/x").answer().status()).isEqualTo("200");
    }
  }

  @Test
  void aContainersCallOverABridgeTakesTheRoadOfTheHostsOwnCalls() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.bridged("greeter"))) {
      RawHttp.Answer answer = http.get("/x").answer();
      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.body()).contains("/ns/default/dc/dc1/svc/web");
    }
  }

  @Test
  void theApplicationLearnsWhoCalledAndNothingForged() throws Exception {
    try (RawHttp http = call()) {
      RawHttp.Answer answer =
          http.get(
                  "/x?y=1",
                  "X-Forwarded-Client-Cert: URI=spiffe://forged",
                  "Connection: keep-alive, x-hop",
                  "X-Hop: 1",
                  "X-Request-Id: mine",
                  "Cookie: a=b; c=d")
              .answer();
      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.body())
          .startsWith("GET /x?y=1 HTTP/1.1\r\n")
          .containsIgnoringCase("host: greeter.mesh")
          .contains(
              "x-forwarded-client-cert: By=spiffe://test.local/ns/default/dc/dc1/svc/greeter;Hash=")
          .contains(";URI=spiffe://test.local/ns/default/dc/dc1/svc/web")
          .contains("X-Request-Id: mine")
          .contains("Cookie: a=b; c=d")
          .contains("traceparent: 00-")
          .contains("x-forwarded-for: 127.0.0.1")
          .doesNotContain("forged")
          .doesNotContainIgnoringCase("x-hop");
    }
    Eventually.holds("both agents log", () -> !mesh.h1.log.isEmpty() && !mesh.h2.log.isEmpty());
    assertThat(mesh.h1.log.peek())
        .contains("\"reporter\":\"source\"", "\"status\":200", "\"request_id\":\"mine\"")
        .contains("\"path\":\"/x?y=1\"", "\"flags\":\"-\"");
    assertThat(mesh.h2.log.peek()).contains("\"reporter\":\"destination\"", "svc/web");
    assertThat(
            mesh.h2
                .registry
                .get("istio_requests")
                .tag("reporter", "destination")
                .tag("response_code", "200")
                .tag("source_workload", "web")
                .tag("connection_security_policy", "mutual_tls")
                .counter()
                .count())
        .isEqualTo(1);
  }

  /** Who has promised to send nothing more needs no one who reads on. */
  @Test
  void aConnectionThatItsCallerAskedToCloseIsClosedBehindTheAnswer() throws Exception {
    try (RawHttp http = call()) {
      String body = "x".repeat(200_000);
      http.send(
          "POST /echo HTTP/1.1\r\nHost: greeter.mesh\r\nConnection: close\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      RawHttp.Answer answer = http.answer();

      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.body()).endsWith(body);
      assertThat(http.socket.getInputStream().read()).isEqualTo(-1);
      // The caller has not closed its side: writing finds out that nobody is there any more.
      assertThatThrownBy(
              () -> {
                while (true) {
                  http.send("more");
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    try (RawHttp http = call()) {
      String one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
      String two = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
      http.send(one + two + one.replace(" /1", " /3"));
      assertThat(http.answer().body()).startsWith("GET /1 ");
      assertThat(http.answer().body()).startsWith("POST /2 ").endsWith("abc");
      assertThat(http.answer().body()).startsWith("GET /3 ");
      http.get("/4");
      assertThat(http.answer().body()).startsWith("GET /4 ");
    }
  }

  @Test
  void chunksAndTrailersPassBothWays() throws Exception {
    try (RawHttp http = call()) {
      http.send(
          "POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Check: 5\r\n\r\n");
      assertThat(http.answer().body()).endsWith("abcde\nX-Check: 5");
      assertThat(http.get("/chunks").answer().body()).isEqualTo("Wikipedia\nX-Sum: 9");
    }
  }

  @Test
  void answersWithoutABodyHaveNone() throws Exception {
    try (RawHttp http = call()) {
      assertThat(http.get("/empty").answer().status()).isEqualTo("204");
      RawHttp.Answer unchanged = http.get("/unchanged").answer();
      assertThat(unchanged.status()).isEqualTo("304");
      http.send("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(http.answer(true).has("content-length: 1234")).isTrue();
      assertThat(http.get("/last").answer().body()).startsWith("GET /last ");
    }
  }

  @Test
  void informationalAnswersPass() throws Exception {
    try (RawHttp http = call()) {
      http.get("/hints");
      assertThat(http.answer().status()).isEqualTo("103");
      assertThat(http.answer().body()).isEqualTo("ok");
    }
  }

  @Test
  void aCallerMayWaitForTheServersWordBeforeItsBody() throws Exception {
    try (TcpApp patient =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              String head = http.head();
              if (head.contains("/refuse")) {
                http.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
                return;
              }
              http.send("HTTP/1.1 100 Continue\r\n\r\n");
              String body = http.body(5);
              http.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body);
            })) {
      mesh.service(mesh.h2, "patient", "p1", Protocol.HTTP, patient.port(), "v1");
      String head =
          "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
      try (RawHttp http = new RawHttp(mesh.h1.to("patient"))) {
        http.send(head.formatted("/take"));
        assertThat(http.answer().status()).isEqualTo("100");
        http.send("hello");
        assertThat(http.answer().body()).isEqualTo("hello");
      }
      try (RawHttp http = new RawHttp(mesh.h1.to("patient"))) {
        http.send(head.formatted("/refuse"));
        assertThat(http.answer().status()).isEqualTo("417");
        assertThat(http.read()).isEqualTo(-1);
      }
    }
  }

  @Test
  void aProtocolChangeMayBeDeclined() throws Exception {
    try (RawHttp http = call()) {
      RawHttp.Answer answer =
          http.get("/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c").answer();
      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.body()).doesNotContain("h2c");
      assertThat(http.get("/x", "Connection: Upgrade", "Upgrade: websocket").answer().status())
          .isEqualTo("200");
      assertThat(http.get("/last").answer().body()).startsWith("GET /last ");
    }
  }

  @Test
  void anAnswerThatLastsUntilTheCloseIsWhole() throws Exception {
    try (RawHttp http = call()) {
      assertThat(http.get("/close").answer().body()).isEqualTo("until the end");
      assertThat(http.get("/again").answer().status()).isEqualTo("200");
    }
  }

  @Test
  void aBrokenAnswerIsNeverACleanOne() throws Exception {
    try (RawHttp http = call()) {
      http.get("/broken");
      assertThat(http.head()).contains("100");
      assertThatThrownBy(() -> http.body(100)).isInstanceOf(IOException.class);
    }
    Eventually.holds("the failure is logged", () -> !mesh.h1.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"UR\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/short", "/short-chunks"})
  void anAnswerThatEndsTooEarlyIsNeverACleanOne(String path) throws Exception {
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP, app.port(), "v1");
    for (String service : new String[] {"greeter", "near"}) {
      try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
        assertThatThrownBy(() -> http.get(path).answer()).isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void anAnswerThatIsNoHttpIs502() throws Exception {
    try (RawHttp http = call()) {
      RawHttp.Answer answer = http.get("/garbage").answer();
      assertThat(answer.status()).isEqualTo("502");
      assertThat(answer.body()).contains("not well-formed");
    }
  }

  @Test
  void anOldClientGetsAnOldAnswer() throws Exception {
    try (RawHttp http = call()) {
      http.send("GET /chunks HTTP/1.0\r\n\r\n");
      String head = http.head();
      assertThat(head).containsIgnoringCase("connection: close").doesNotContain("chunked");
      assertThat(new String(http.in().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII))
          .isEqualTo("Wikipedia");
    }
  }

  @Test
  void aClientThatEndsItsSideStillGetsItsAnswer() throws Exception {
    try (RawHttp http = call()) {
      http.get("/x");
      http.socket.shutdownOutput();
      assertThat(http.answer().status()).isEqualTo("200");
      assertThat(http.read()).isEqualTo(-1);
    }
  }

  @Test
  void aCallOnTheSameHostPassesBothStages() throws Exception {
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP, app.port(), "v1");
    try (RawHttp http = new RawHttp(mesh.h1.to("near"))) {
      assertThat(http.get("/x").answer().body()).contains("svc/near;URI=").contains("svc/web");
      assertThat(http.get("/chunks").answer().body()).startsWith("Wikipedia");
      assertThatThrownBy(
              () -> {
                http.get("/broken").head();
                http.body(100);
              })
          .isInstanceOf(IOException.class);
    }
    Eventually.holds("both stages log", () -> mesh.h1.log.size() == 6);
  }

  @Test
  void weightsAndHeadersChooseTheSubset() throws Exception {
    try (TcpApp second =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              while (true) {
                http.head();
                http.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nv2");
              }
            })) {
      mesh.service(mesh.h2, "greeter", "g2", Protocol.HTTP, second.port(), "v2");
      mesh.mesh.routes.put(
          ServiceName.of("greeter"),
          RouteTable.compile(
              (RouteRule)
                  RuleParser.parse(
                      "test",
                      """
                      kind = route, service = greeter
                      subsets { v1 { version = v1 }, v2 { version = v2 } }
                      rules = [
                        { match { header { end-user = jason } }, to = [ { subset = v2 } ] }
                        { to = [ { subset = v1, weight = 90 }, { subset = v2, weight = 10 } ] }
                      ]
                      """)));
      Map<Boolean, Integer> counts = new HashMap<>();
      try (RawHttp http = call()) {
        for (int i = 0; i < 300; i++) {
          counts.merge(http.get("/x").answer().body().equals("v2"), 1, Integer::sum);
        }
        assertThat(counts.get(true)).isBetween(8, 70);
        for (int i = 0; i < 10; i++) {
          assertThat(http.get("/x", "End-User: jason").answer().body()).isEqualTo("v2");
        }
      }
    }
  }

  @Test
  void aProtocolChangeBecomesATunnel() throws Exception {
    try (TcpApp ws =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              String head = http.head();
              if (!head.contains("upgrade: websocket")) {
                http.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                return;
              }
              http.send(
                  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                      + "Upgrade: websocket\r\nSec-WebSocket-Accept: k\r\n\r\nfirst");
              http.in().transferTo(socket.getOutputStream());
            })) {
      mesh.service(mesh.h2, "chat", "c1", Protocol.HTTP, ws.port(), "v1");
      mesh.service(mesh.h1, "chat-near", "c2", Protocol.HTTP, ws.port(), "v1");
      for (String service : new String[] {"chat", "chat-near"}) {
        try (RawHttp http = new RawHttp(mesh.h1.to(service))) {
          http.get("/ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: k");
          String head = http.head();
          assertThat(head).startsWith("HTTP/1.1 101").containsIgnoringCase("upgrade: websocket");
          assertThat(http.body(5)).isEqualTo("first");
          http.send("ping");
          assertThat(http.body(4)).isEqualTo("ping");
          http.socket.shutdownOutput();
          assertThat(http.read()).isEqualTo(-1);
        }
      }
    }
  }

  @Test
  void aSideThatWasClosedBeforeTheProtocolChangedIsClosedBehindIt() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (TcpApp ws =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              http.head();
              closed.await();
              http.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst");
              http.send(http.read() == -1 ? "ended" : "bytes");
            })) {
      mesh.service(mesh.h2, "chat", "c1", Protocol.HTTP, ws.port(), "v1");
      try (RawHttp http = new RawHttp(mesh.h1.to("chat"))) {
        http.get("/ws", "Connection: Upgrade", "Upgrade: x");
        http.socket.shutdownOutput();
        Eventually.holds("the application has the request", () -> ws.accepted.get() == 1);
        closed.countDown();
        assertThat(http.head()).startsWith("HTTP/1.1 101");
        assertThat(http.body(10)).isEqualTo("firstended");
        assertThat(http.read()).isEqualTo(-1);
      }
    }
  }
}
