package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What arrives through two agents is what arrives without them. In the cases, | is CR LF. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class FidelityTest {
  /** What the mesh adds on purpose. */
  private static final Set<String> ADDED =
      Set.of(
          "x-forwarded-client-cert",
          "x-forwarded-for",
          "x-forwarded-proto",
          "x-request-id",
          "traceparent");

  private final TestMesh mesh = new TestMesh();
  private volatile String answer = "HTTP/1.1 200 OK|Content-Length: 0||";
  private volatile String seen = "";
  private TcpApp app;

  @BeforeEach
  void start() throws Exception {
    app =
        TcpApp.http(
            request -> {
              seen = request.head() + request.body();
              return answer.replace("|", "\r\n");
            });
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private InetSocketAddress direct() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), app.port());
  }

  private List<InetSocketAddress> roads() {
    return List.of(mesh.h1.to("greeter"), mesh.h1.to("near"));
  }

  private static String withoutAdded(String head) {
    StringBuilder kept = new StringBuilder();
    for (String line : head.split("(?<=\n)", -1)) {
      if (!ADDED.contains(line.split(":", 2)[0])) {
        kept.append(line);
      }
    }
    return kept.toString();
  }

  private String requestBy(InetSocketAddress road, String request) throws IOException {
    try (RawHttp http = new RawHttp(road)) {
      assertThat(http.send(request.replace("|", "\r\n")).answer().status()).isEqualTo("200");
      return withoutAdded(seen);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1|Host: a||",
        "GET /A?b=%20c HTTP/1.1|User-Agent: x|HOST: Greeter:80|aCCEPT: */*|x-lower: 1|X-UPPER: 2||",
        "GET / HTTP/1.1|X-A: 1|Host: a|x-a: 2|X-a: 3|X-B: 1|X-A: 4||",
        "GET / HTTP/1.1|host: a|Cookie: a=b|cookie: c=d; e=f|X-Empty: ||",
        "GET / HTTP/1.1|x-a: 1|host: a|X-A!: 1||",
        "POST / HTTP/1.1|Content-Type: text/plain|Content-LENGTH: 3|Host: a|Expect-CT: 1||abc",
        "POST / HTTP/1.1|Host: a|Content-Length: 0|X-A: 1||",
        "POST / HTTP/1.1|Host: a|Content-Length: 003|X-A: 1||abc",
        "POST / HTTP/1.1|Host: a||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|X-A: 1||0||",
        "POST / HTTP/1.1|transfer-encoding: chunked|host: a||0||",
        "PUT / HTTP/1.1|transfer-Encoding: chunked|host: a||3|abc|0||",
        "POST / HTTP/1.1|Trailer: X-Sum|Transfer-Encoding: chunked|Host: a||3|abc|0|X-Sum: 1||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||0|X-Sum: 1||",
        "OPTIONS * HTTP/1.1|Host: a||",
        "GET http://other:8080/p?q=1 HTTP/1.1|Host: other:8080||",
        "GET HTTPS://other HTTP/1.1|Host: other||",
        "GET //double//a/../b/./%2e%2E?x=http://y#z HTTP/1.1|Host: a||",
        "GET /;,:@&=+$-_.!~*'() HTTP/1.1|Host: a||",
        "get / HTTP/1.1|Host: a||",
        "M-SEARCH /x HTTP/1.1|Host: a||",
        "X!#$%&'*+-.^_`~ / HTTP/1.1|Host: a||",
        "GET / HTTP/1.1|Host: a|X!#$%&'*+-.^_`~: 1|x_y: 2|1: 3||",
        "GET / HTTP/1.1|Host: [::1]:80|X-A: \u00e9\u00ff \"\\\" ,;=\ttab||",
        "GET / HTTP/1.1|Host: ||",
        "GET / HTTP/1.1|Host: a|Accept-Encoding: |Accept: ,,|Range: bytes=0-||",
        "GET / HTTP/1.1|Host: a|Content-Type: x|Content-Language: de|Expires: 0|Via: 1.0 fred||",
        "GET / HTTP/1.1|Host: a|Authorization: Basic YQ==|Proxy-Authorization: Basic YQ==||",
      })
  void aRequestArrivesAsItWasWritten(String request) throws Exception {
    String expected = requestBy(direct(), request);
    for (InetSocketAddress road : roads()) {
      assertThat(requestBy(road, request)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK|Content-Length: 2|Server: X|eTag: \"a\"|SET-COOKIE: a=b|Set-Cookie: c=d"
            + "|x-lower: 1|X-Empty: ||ok",
        "HTTP/1.1 404 Not Found|WWW-Authenticate: Basic|www-authenticate: Digest|Content-Length: 0||",
        "HTTP/1.1 204 No Content|X-A: b||",
        "HTTP/1.1 304 Not Modified|ETag: x|Content-Length: 9||",
        "HTTP/1.1 200 All is well|Content-Length: 2||ok",
        "HTTP/1.1 599 |hostmesh-x: 1|Content-Length: 2||ok",
        "HTTP/1.1 103 Early Hints|Link: </A.css>|link: </b.css>|X-Y: 1||"
            + "HTTP/1.1 200 OK|Content-Length: 2||ok",
        "HTTP/1.1 100 Go on|X-A: 1||HTTP/1.1 102 Processing||HTTP/1.1 103 ||"
            + "HTTP/1.1 200 OK|Content-Length: 2||ok",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked|X-A: 1||0||",
        "HTTP/1.1 200 OK|Date: x|transfer-encoding: chunked|X-A: 1||2|ok|0||",
        "HTTP/1.1 200 OK|Trailer: X-Sum|Transfer-Encoding: chunked||2|ok|0|X-Sum: 1|x-sum: 2||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||0|X-Sum: 1||",
        "HTTP/1.1 204 No Content|Content-Length: 0||",
        "HTTP/1.1 205 Reset|Content-Length: 0||",
        "HTTP/1.1 304 Not Modified|Transfer-Encoding: chunked||",
        "HTTP/1.1 302 Found|Location: http://a/?b|Content-Length: 0||",
        "HTTP/1.1 200 \u00c4rger \t gut|X-A: \u00e4|Content-Length: 2||ok",
        "HTTP/1.1 999 Odd|Content-Length: 2||ok",
        "HTTP/1.1 401 Who|Connection-Id: 1|WWW-Authenticate: NTLM|Content-Length: 0||",
      })
  void anAnswerArrivesAsItWasWritten(String text) throws Exception {
    answer = text;
    int length = text.replace("|", "\r\n").length();
    String expected = answerBy(direct(), length);
    for (InetSocketAddress road : roads()) {
      assertThat(answerBy(road, length)).isEqualTo(expected);
    }
  }

  @Test
  void aLongQueryArrives() throws Exception {
    aRequestArrivesAsItWasWritten(
        "GET /?" + "q=%20".repeat(3200) + " HTTP/1.1|Host: a|X-Long: " + "v".repeat(30_000) + "||");
  }

  /** What holds for one connection only is the agent's own matter on each side. */
  @Test
  void eachSideOpensAndClosesForItself() throws Exception {
    answer = "HTTP/1.1 200 OK|Connection: close|Keep-Alive: timeout=5|Content-Length: 2||ok";
    String usual = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    for (InetSocketAddress road : roads()) {
      try (RawHttp http = new RawHttp(road)) {
        assertThat(http.get("/").answer().head()).isEqualTo(usual + "\r\n");
        http.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nX-A: 1\r\n\r\n");
        assertThat(http.answer().head()).isEqualTo(usual + "connection: keep-alive\r\n\r\n");
        assertThat(withoutAdded(seen)).isEqualTo("GET / HTTP/1.1\r\nX-A: 1\r\nhost: \r\n\r\n");
        http.get("/", "Connection: close");
        assertThat(http.answer().head()).isEqualTo(usual + "connection: close\r\n\r\n");
        assertThat(withoutAdded(seen)).doesNotContainIgnoringCase("connection");
        assertThat(http.read()).isEqualTo(-1);
      }
      try (RawHttp http = new RawHttp(road)) {
        http.send("GET / HTTP/1.0\r\n\r\n");
        assertThat(http.answer().head()).isEqualTo(usual + "connection: close\r\n\r\n");
        assertThat(http.read()).isEqualTo(-1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK|Content-Length: 5|X-A: 1||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked|X-A: 1||",
        "HTTP/1.1 200 OK|x-a: 1||",
        "HTTP/1.1 404 Not Found|Content-Length: 9||",
      })
  void anAnswerToHeadArrivesAsItWasWritten(String text) throws Exception {
    answer = text;
    String head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    String expected = "";
    for (InetSocketAddress road : List.of(direct(), mesh.h1.to("greeter"), mesh.h1.to("near"))) {
      try (RawHttp http = new RawHttp(road)) {
        String first = http.send(head).answer(true).head();
        assertThat(http.send(head).answer(true).head()).isEqualTo(first); // It stays open.
        expected = expected.isEmpty() ? first : expected;
        assertThat(first).isEqualTo(expected);
      }
    }
  }

  private static String answerBy(InetSocketAddress road, int length) throws IOException {
    try (RawHttp http = new RawHttp(road)) {
      return new String(http.get("/").in().readNBytes(length), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void trailersKeepTheirSpelling() throws Exception {
    answer = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-Sum: 1|x-other: 2||";
    for (InetSocketAddress road : roads()) {
      try (RawHttp http = new RawHttp(road)) {
        http.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        http.send("1\r\na\r\n0\r\nX-Up: 1\r\n\r\n");
        assertThat(http.answer().body()).isEqualTo("ok\nX-Sum: 1\nx-other: 2");
        assertThat(seen).endsWith("a\nX-Up: 1");
      }
    }
  }

  /** RFC 9110 section 6.5.1: what judged the head must not be overruled behind the body. */
  @Test
  void trailersNeverSayWhatBelongsInTheHead() throws Exception {
    answer =
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-Sum: 1|Content-Length: 9"
            + "|Hostmesh-Failure: NO_ROUTE|Connection: close||";
    for (InetSocketAddress road : roads()) {
      try (RawHttp http = new RawHttp(road)) {
        http.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        http.send("1\r\na\r\n0\r\nX-Up: 1\r\nHost: b\r\nX-Forwarded-For: 10.0.0.1\r\n");
        http.send("x-forwarded-client-cert: URI=a\r\nAuthorization: b\r\nif-match: c\r\n");
        http.send("hostmesh-names: HOST\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertThat(http.answer().body()).isEqualTo("ok\nX-Sum: 1");
        assertThat(seen).endsWith("a\nX-Up: 1");
      }
    }
  }

  /** A mesh speaks its own version of HTTP to each side (RFC 9110 section 6.2). */
  @Test
  void http10KeepsItsHeaders() throws Exception {
    answer = "HTTP/1.0 200 Fine|x-lower: 1|X-UPPER: 2|Content-Length: 2||ok";
    String request = "GET /a HTTP/1.0|x-b: 1|HOST: a|X-A: 2|x-a: 3||";
    for (InetSocketAddress road : roads()) {
      assertThat(requestBy(road, request))
          .isEqualTo(request.replace("HTTP/1.0", "HTTP/1.1").replace("|", "\r\n"));
      try (RawHttp http = new RawHttp(road)) {
        http.send(request.replace("|", "\r\n"));
        assertThat(new String(http.in().readAllBytes(), StandardCharsets.ISO_8859_1))
            .isEqualTo(
                "HTTP/1.1 200 Fine\r\nx-lower: 1\r\nX-UPPER: 2\r\nContent-Length: 2\r\n"
                    + "connection: close\r\n\r\nok");
      }
    }
  }

  @Test
  void theHeaderOfTheSpellingIsOfAgentsOnly() throws Exception {
    answer = "HTTP/1.1 200 OK|hostmesh-names: CONTENT-LENGTH|Content-Length: 0||";
    for (InetSocketAddress road : roads()) {
      assertThat(requestBy(road, "GET / HTTP/1.1|Host: a|Hostmesh-Names: HOST,x-b|X-A: 1|X-B: 2||"))
          .isEqualTo("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\n\r\n");
      try (RawHttp http = new RawHttp(road)) {
        assertThat(http.get("/").answer().head())
            .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }
    }
    answer =
        "HTTP/1.1 103 Early Hints|hostmesh-names: LINK|Link: </a>||"
            + "HTTP/1.1 200 OK|Content-Length: 0||";
    for (InetSocketAddress road : roads()) {
      try (RawHttp http = new RawHttp(road)) {
        assertThat(http.get("/").answer().head())
            .isEqualTo("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
      }
    }
  }
}
