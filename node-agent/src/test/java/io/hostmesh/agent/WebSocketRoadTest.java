package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.Protocol;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.Socket;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * WebSockets of callers and applications that speak HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441), in
 * all pairs. The services {@code far} and {@code near} speak the one, {@code far2} and {@code
 * near2} the other. What is inside is bytes to the mesh; here it is text.
 */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class WebSocketRoadTest {
  /** RFC 6455 section 1.3. */
  private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

  private final TestMesh mesh = new TestMesh();
  private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
  private TcpApp app;
  private NettyH2 h2;

  @BeforeEach
  void start() throws Exception {
    app = new TcpApp(this::serve);
    h2 =
        new NettyH2(
            true,
            new NettyH2.Service() {
              @Override
              public void head(NettyH2.Stream stream, Http2Headers head) {
                seen.add(head.toString());
                boolean chat = "/chat".contentEquals(Objects.requireNonNull(head.path()));
                stream.head(
                    new DefaultHttp2Headers()
                        .status(chat ? "200" : "404")
                        .set("sec-websocket-protocol", "v2"));
                stream.data("hi ", !chat);
              }

              @Override
              public void data(NettyH2.Stream stream, String data, boolean end) {
                if (data.equals("break")) {
                  stream.reset(Http2Error.CANCEL);
                } else {
                  stream.data(end ? data + " bye" : data, end);
                }
              }
            });
    mesh.services(app.port(), h2.port());
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
    h2.close();
  }

  private void serve(Socket socket) throws IOException {
    RawHttp http = new RawHttp(socket);
    String head;
    try {
      head = http.head();
    } catch (IOException e) {
      return;
    }
    seen.add(head);
    String key = head.replaceAll("(?is).*sec-websocket-key: ([^\r]*)\r.*", "$1");
    boolean upgrades = head.toLowerCase(java.util.Locale.ROOT).contains("upgrade: websocket");
    if (!upgrades || key.length() != 24) {
      http.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    if (!head.startsWith("GET /chat ")) {
      http.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage");
      return;
    }
    http.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: "
            + (key.equals(KEY) ? ACCEPT : "another")
            + "\r\nSec-WebSocket-Protocol: v2\r\n\r\nhi ");
    while (true) {
      int c = http.read();
      if (c < 0) {
        http.send(" bye");
        return;
      }
      if (c == '!') {
        socket.setSoLinger(true, 0);
        return;
      }
      socket.getOutputStream().write(c);
    }
  }

  private RawHttp upgrade(String service, String path) throws IOException {
    return new RawHttp(mesh.h1.to(service))
        .get(
            path,
            "Connection: keep-alive, Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + KEY,
            "Sec-WebSocket-Protocol: v1, v2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void anHttp1CallerGetsItsHandshake(String service) throws Exception {
    try (RawHttp http = upgrade(service, "/chat")) {
      String head = http.head();
      assertThat(head).startsWith("HTTP/1.1 101 Switching Protocols\r\n");
      assertThat(head)
          .containsIgnoringCase("\r\nconnection: upgrade\r\n")
          .containsIgnoringCase("\r\nupgrade: websocket\r\n")
          .containsIgnoringCase("\r\nsec-websocket-accept: " + ACCEPT + "\r\n")
          .containsIgnoringCase("\r\nsec-websocket-protocol: v2\r\n")
          .doesNotContainIgnoringCase("hostmesh-", "content-length", "transfer-encoding");
      assertThat(http.body(3)).isEqualTo("hi ");
      http.send("ping");
      assertThat(http.body(4)).isEqualTo("ping");
      http.socket.shutdownOutput();
      assertThat(http.body(4)).isEqualTo(" bye");
      assertThat(http.read()).isEqualTo(-1);
    }
    assertThat(seen.poll()).doesNotContain("hostmesh-");
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void anHttp2CallerNeedsNoKey(String service) throws Exception {
    NettyH2.Stream stream =
        h2.call(
            mesh.h1.to(service),
            NettyH2.extendedConnect("websocket", "/chat")
                .set("sec-websocket-version", "13")
                .set("sec-websocket-protocol", "v1, v2"),
            false);
    assertThat(Objects.requireNonNull(stream.settings).get((char) 8)).isEqualTo(1);
    Http2Headers head = stream.nextHead();
    assertThat(head.status()).hasToString("200");
    assertThat(head.get("sec-websocket-protocol")).hasToString("v2");
    assertThat(head.toString())
        .doesNotContain("hostmesh-", "sec-websocket-accept", "upgrade", "connection");
    assertThat(stream.text(3)).isEqualTo("hi ");
    stream.data("ping", false);
    assertThat(stream.text(4)).isEqualTo("ping");
    stream.data("", true);
    assertThat(stream.text(4)).isEqualTo(" bye");
    assertThat(stream.next()).isEqualTo("END");
    assertThat(seen.poll()).doesNotContain("hostmesh-").contains("/chat");
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void aChangeMayBeDeclined(String service) throws Exception {
    String status = service.endsWith("2") ? "404" : "200";
    try (RawHttp http = upgrade(service, "/other")) {
      assertThat(http.answer().status()).isEqualTo(status);
      http.get("/chat"); // The connection is still HTTP.
      assertThat(http.answer().status()).isNotEqualTo("101");
    }
    NettyH2.Stream stream =
        h2.call(mesh.h1.to(service), NettyH2.extendedConnect("websocket", "/other"), false);
    // 200 would say that the protocol is another one now.
    assertThat(stream.nextHead().status()).hasToString(status.equals("200") ? "501" : "404");
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near", "far2", "near2"})
  void whatBreaksOffIsBrokenOffOnTheOtherSide(String service) throws Exception {
    String breaks = service.endsWith("2") ? "break" : "!";
    try (RawHttp http = upgrade(service, "/chat")) {
      http.head();
      assertThat(http.body(3)).isEqualTo("hi ");
      http.send(breaks);
      assertThatThrownBy(http::read).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }
    NettyH2.Stream stream =
        h2.call(mesh.h1.to(service), NettyH2.extendedConnect("websocket", "/chat"), false);
    assertThat(stream.nextHead().status()).hasToString("200");
    assertThat(stream.next()).isEqualTo("hi ");
    stream.data(breaks, false);
    assertThat(stream.next()).isEqualTo(Http2Error.CANCEL); // RFC 8441 section 5.
  }

  /** RFC 8441 section 3: an application that has not said so must not be asked. */
  @Test
  void anApplicationThatKnowsNoChangeGoesOnWithHttp() throws Exception {
    ConcurrentLinkedQueue<String> heads = new ConcurrentLinkedQueue<>();
    try (NettyH2 plain =
        new NettyH2(
            false,
            new NettyH2.Service() {
              @Override
              public void head(NettyH2.Stream stream, Http2Headers head) {
                heads.add(head.toString());
                stream.head(new DefaultHttp2Headers().status("200").set("content-length", "4"));
              }

              @Override
              public void data(NettyH2.Stream stream, String data, boolean end) {
                stream.data("page", true);
              }
            })) {
      mesh.service(mesh.h2, "plain", "p1", Protocol.HTTP2, plain.port(), "v1");
      for (int i = 0; i < 2; i++) { // Also on the connection's first stream.
        try (RawHttp http = upgrade("plain", "/chat")) {
          RawHttp.Answer answer = http.answer();
          assertThat(answer.status() + answer.body()).isEqualTo("200page");
        }
        assertThat(heads.poll()).contains(":method: GET").doesNotContain(":protocol");
      }
    }
  }

  /** What agents tell each other is nothing that an application can say. */
  @Test
  void anApplicationCannotClaimToHaveChangedTheProtocol() throws Exception {
    try (TcpApp liar =
        TcpApp.http(
            _ -> "HTTP/1.1 200 OK\r\nHostmesh-Upgraded: x\r\nContent-Length: 2\r\n\r\nok")) {
      mesh.service(mesh.h2, "liar", "l1", Protocol.HTTP, liar.port(), "v1");
      try (RawHttp http = new RawHttp(mesh.h1.to("liar"))) {
        assertThat(http.get("/").answer().status()).isEqualTo("200");
        assertThat(http.get("/", "Connection: Upgrade", "Upgrade: x").answer().status())
            .isEqualTo("200");
      }
    }
  }
}
