package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What could be read in two ways is not read at all. In the cases, | is CR LF. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class StrictHttpTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final String NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

  private final TestMesh mesh = new TestMesh();
  private final ConcurrentLinkedQueue<String> requests = new ConcurrentLinkedQueue<>();
  private volatile String answer = OK;
  private TcpApp app;

  @BeforeEach
  void start() throws Exception {
    app =
        TcpApp.http(
            request -> {
              requests.add(request.head());
              return answer;
            });
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
    mesh.h2.caller = new Caller.Service(ServiceName.of("web"));
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private static String lines(String text) {
    return text.replace("|", "\r\n").replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0");
  }

  /** The agent on the caller's host, and the one that takes plaintext for a service's port. */
  private List<InetSocketAddress> sides() {
    return List.of(mesh.h1.to("greeter"), mesh.h2.captured("g1"));
  }

  private void refused(String request, String status) throws IOException {
    for (InetSocketAddress side : sides()) {
      try (RawHttp http = new RawHttp(side)) {
        RawHttp.Answer got = http.send(lines(request) + NEXT).answer();
        assertThat(got.status()).as(got.body()).isEqualTo(status);
        assertThat(got.has("connection: close")).isTrue();
        assertThat(http.read()).isEqualTo(-1);
      }
    }
    assertThat(requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 3|Content-Length: 3||abc",
        "Content-Length: 3, 3||abc",
        "Content-Length: -3||abc",
        "Content-Length: 0x3||abc",
        "Content-Length: 3 3||abc",
        "Content-Length:||",
        "Content-Length: 99999999999999999999||abc",
        "Content-Length: 3\\0||abc",
        "Content-Length: 5|Transfer-Encoding: chunked||0||",
        "Transfer-Encoding: chunked|Content-Length: 5||0||",
        "X: a\\rb||",
        "X: a\\nY: b||",
        "X: a|\\n",
        "X: a\\0b||",
        "X\\0: b||",
        "X: a| folded||",
        "X: a|\tfolded||",
        "X : b||",
        "X\t: b||",
        ": b||",
        "X||",
        "X(: b||",
        "\\rX: b||",
        "Host: b||",
      })
  void aHeadThatCouldBeReadInTwoWaysIsRefused(String rest) throws Exception {
    refused("POST / HTTP/1.1|Host: a|" + rest, "400");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding:||0||",
        "Transfer-Encoding: chunked, chunked||0||",
        "Transfer-Encoding: chunked|Transfer-Encoding: chunked||0||",
        "Transfer-Encoding: chunked|Transfer-Encoding: identity||0||",
      })
  void aTransferCodingThatIsNotKnownIsRefused(String rest) throws Exception {
    refused("POST / HTTP/1.1|Host: a|" + rest, "501");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET  / HTTP/1.1|Host: a||",
        "GET\t/ HTTP/1.1|Host: a||",
        "GET / HTTP/1.1 |Host: a||",
        "GET / http/1.1|Host: a||",
        "GET / HTTP/1.1\\nHost: a||",
        "GET / HTTP/1.1\\rHost: a||",
        "GET /\\0 HTTP/1.1|Host: a||",
        "\\0GET / HTTP/1.1|Host: a||",
        "| GET / HTTP/1.1|Host: a||",
        "GET / HTTP/1.1| Host: a||",
        "G(T / HTTP/1.1|Host: a||",
        "GET / HTTP/2.0|Host: a||",
        "GET /|Host: a||",
        "GET * HTTP/1.1|Host: a||",
        "GET http://u@b/ HTTP/1.1|Host: a||",
        "GET / HTTP/1.1|Host: a, b||",
        "GET / HTTP/1.1|Host: u@a||",
        "GET / HTTP/1.1|Host: a/b||",
        "GET / HTTP/1.1|Host: a b||",
        "POST / HTTP/1.0|Transfer-Encoding: chunked||0||",
      })
  void aRequestLineOrHostThatCouldBeReadInTwoWaysIsRefused(String request) throws Exception {
    refused(request, "400");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3\\nabc|0||",
        "0x3|abc|0||",
        "+3|abc|0||",
        "-3|abc|0||",
        " 3|abc|0||",
        "3 |abc|0||",
        "3 x|abc|0||",
        "3\\0|abc|0||",
        "3;a\\nb|abc|0||",
        "3;a\\0b|abc|0||",
        "3\\rabc|0||",
        "3|abcX|0||",
        "3|abc\\n0||",
        "|abc|0||",
        "g|abc|0||",
        "ffffffffffffffff|abc|0||",
        "000000003|abc|0||",
        "0|X : a||",
        "0|X: a| folded||",
        "0|X: a\\0||",
      })
  void aBodyWhoseChunksCouldBeReadInTwoWaysIsRefused(String body) throws Exception {
    refused("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||" + body, "400");
  }

  @Test
  void aBodyThatBreaksAfterAWhileIsRefusedAndNeverEnds() throws Exception {
    for (InetSocketAddress side : sides()) {
      try (RawHttp http = new RawHttp(side)) {
        http.send(
            lines(
                "POST /broken HTTP/1.1|Host: a|Transfer-Encoding: chunked||3;some=thing|abc|zz|"));
        assertThat(http.answer().status()).isEqualTo("400");
        assertThat(http.read()).isEqualTo(-1);
      }
    }
    assertThat(requests).isEmpty();
    Eventually.holds(
        "both log it",
        () ->
            mesh.h1.log.stream().anyMatch(line -> line.contains("\"flags\":\"DPE\""))
                && mesh.h2.log.stream().anyMatch(line -> line.contains("\"flags\":\"DPE\"")));
  }

  @Test
  void strictIsNotMoreThanTheGrammarAsks() throws Exception {
    for (InetSocketAddress side : sides()) {
      try (RawHttp http = new RawHttp(side)) {
        http.send(
            lines(
                "||OPTIONS * HTTP/1.1|Host:a||"
                    + "POST http://b:80/x?y HTTP/1.1|Host: |X:|TRANSFER-ENCODING:  Chunked ||"
                    + "00003;a=\"b c\";d|abc|A|0123456789|0;x|X-Sum:  1||"
                    + "POST / HTTP/1.1|Host: [::1]:80|Content-Length: 3||abc|"
                    + "GET / HTTP/1.0||"));
        for (int i = 0; i < 4; i++) {
          assertThat(http.answer().status()).isEqualTo("200");
        }
        assertThat(http.read()).isEqualTo(-1);
      }
    }
  }

  @Test
  void everyCutOfARequestIsReadTheSame() throws Exception {
    String request =
        lines("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||3;x|abc|0|X-Sum: 1||");
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      http.socket.setTcpNoDelay(true);
      for (int cut = 1; cut < request.length(); cut++) {
        http.send(request.substring(0, cut));
        http.socket.getOutputStream().flush();
        http.send(request.substring(cut));
        assertThat(http.answer().status()).as("cut at " + cut).isEqualTo("200");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK|Content-Length: 2|Content-Length: 3||abc",
        "HTTP/1.1 200 OK|Content-Length: 2|Transfer-Encoding: chunked||0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked||0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: gzip||abc",
        "HTTP/1.1 200 OK|X: a\\0|Content-Length: 0||",
        "HTTP/1.1 200 OK|X: a\\nContent-Length: 0||",
        "HTTP/1.1 200 OK\\nContent-Length: 0\\n\\n",
        "HTTP/1.1 200 O\\0K|Content-Length: 0||",
        "HTTP/2.0 200 OK|Content-Length: 0||",
        "HTTP/1.1 99 OK|Content-Length: 0||",
        "HTTP/1.1 2000 OK|Content-Length: 0||",
        "HTTP/1.1 2x0 OK|Content-Length: 0||",
        "HTTP/1.1 101 Switching Protocols|Upgrade: x||",
        "ICY 200 OK|Content-Length: 0||",
      })
  void anAnswerThatCouldBeReadInTwoWaysIs502(String bad) throws Exception {
    answer = lines(bad);
    for (InetSocketAddress side : sides()) {
      try (RawHttp http = new RawHttp(side)) {
        RawHttp.Answer got = http.get("/").answer();
        assertThat(got.status()).as(got.body()).isEqualTo("502");
        assertThat(got.body()).contains("not well-formed");
      }
    }
    for (TestMesh.Agent agent : List.of(mesh.h1, mesh.h2)) {
      Eventually.holds(
          "the log tells of it",
          () ->
              agent.log.stream()
                  .anyMatch(line -> line.contains("\"status\":502,") && line.contains("\"UPE\"")));
    }
  }

  @Test
  void aChunksSizeLineThatIsTooLongIsMalformed() throws Exception {
    for (InetSocketAddress side : sides()) {
      try (RawHttp http = new RawHttp(side)) {
        http.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        http.send("3;a=" + "b".repeat(100_000) + "\r\nabc\r\n0\r\n\r\n");
        assertThat(http.answer().status()).isEqualTo("400");
      }
    }
    assertThat(requests).isEmpty();
  }
}
