package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A body that breaks off never becomes one that ended: whatever says where it ends, whichever
 * version of HTTP the two sides speak, from the service and from its caller.
 */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class BrokenBodyTest {
  private static final List<String> ROADS = List.of("far", "near");
  private static final List<String> CALLERS = List.of("1.1", "1.0", "2");

  private final TestMesh mesh = new TestMesh();

  /** How what the application got of a request ended. */
  private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

  private TcpApp h1;
  private NettyH2 h2;

  @BeforeEach
  void start() throws Exception {
    h1 = new TcpApp(this::serve);
    h2 = new NettyH2(false, new Service());
    mesh.services(h1.port(), h2.port());
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    h1.close();
    h2.close();
  }

  private void serve(Socket socket) throws IOException {
    RawHttp http = new RawHttp(socket);
    String head;
    try {
      head = http.head();
    } catch (IOException e) {
      ends.add("broken"); // Even before its head.
      return;
    }
    switch (head.split(" ", 3)[1]) {
      case "/length" -> http.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      case "/chunks" ->
          http.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
      case "/in-chunk" ->
          http.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf");
      case "/trailers" ->
          http.send(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX-A: 1");
      case "/close" -> http.send("HTTP/1.1 200 OK\r\n\r\nhalf");
      default -> {
        upload(http, head);
        return;
      }
    }
    if (!head.contains("x-end: fin")) {
      waitForHalf(socket);
      socket.setSoLinger(true, 0);
    }
  }

  /** What was sent is to arrive: a reset overtakes it. */
  private static void waitForHalf(Socket socket) throws IOException {
    socket.setSoTimeout(300);
    try {
      var _ = socket.getInputStream().read();
    } catch (java.net.SocketTimeoutException e) {
      // It has had the time.
    }
  }

  private void upload(RawHttp http, String head) {
    try {
      RawHttp.Answer request = http.rest(head);
      ends.add("whole: " + request.body());
    } catch (IOException e) {
      ends.add("broken");
    }
  }

  private final class Service implements NettyH2.Service {
    @Override
    public void head(NettyH2.Stream stream, Http2Headers head) {
      String path = Objects.requireNonNull(head.path()).toString();
      if (path.equals("/up")) {
        return;
      }
      Http2Headers answer = new DefaultHttp2Headers().status("200");
      if (path.equals("/length")) {
        answer.set("content-length", "100");
      }
      stream.head(answer);
      stream.data("half", false);
      stream.after(
          () -> {
            if (path.equals("/connection")) {
              stream.closeConnection();
            } else {
              stream.reset(path.equals("/no-error") ? Http2Error.NO_ERROR : Http2Error.CANCEL);
            }
          });
    }

    @Override
    public void data(NettyH2.Stream stream, String data, boolean end) {
      if (end) {
        ends.add("whole: " + data);
      }
    }

    @Override
    public void reset(NettyH2.Stream stream) {
      ends.add("broken");
    }
  }

  // Answers.

  static Stream<Arguments> answers() {
    return CALLERS.stream()
        .flatMap(
            caller ->
                ROADS.stream()
                    .flatMap(
                        road ->
                            Stream.concat(
                                Stream.of(
                                        "/length fin",
                                        "/length rst",
                                        "/chunks fin",
                                        "/chunks rst",
                                        "/in-chunk fin",
                                        "/in-chunk rst",
                                        "/trailers fin",
                                        "/trailers rst",
                                        "/close rst")
                                    .map(how -> Arguments.of(caller, road, how)),
                                Stream.of("/length", "/stream", "/no-error", "/connection")
                                    .map(how -> Arguments.of(caller, road + "2", how)))));
  }

  @ParameterizedTest
  @MethodSource("answers")
  void anAnswerThatBreaksOffIsNeverWhole(String caller, String road, String how) throws Exception {
    String path = how.split(" ", 2)[0];
    String end = how.endsWith("fin") ? "fin" : "rst";
    if (caller.equals("2")) {
      NettyH2.Stream stream =
          h2.call(
              mesh.h1.to(road),
              new DefaultHttp2Headers()
                  .method("GET")
                  .scheme("http")
                  .path(path)
                  .authority("a")
                  .set("x-end", end),
              true);
      Object last = stream.next();
      while (last instanceof Http2Headers || last.equals("half")) {
        last = stream.next();
      }
      assertThat(last).isInstanceOf(Http2Error.class).isNotEqualTo(Http2Error.NO_ERROR);
    } else {
      try (RawHttp http = new RawHttp(mesh.h1.to(road))) {
        http.send("GET " + path + " HTTP/" + caller + "\r\nHost: a\r\nx-end: " + end + "\r\n\r\n");
        // Only a reset says to HTTP/1.0 that it was no end; nor may the others take it for one.
        assertThatThrownBy(() -> http.in().readAllBytes()).hasMessageContaining("reset");
      }
    }
  }

  // Requests.

  static Stream<Arguments> requests() {
    return Stream.of("far", "near", "far2", "near2")
        .flatMap(
            road ->
                Stream.of(
                        "length fin", "length rst", "chunks fin", "chunks rst", "2 rst", "2 close")
                    .map(how -> Arguments.of(road, how)));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void aRequestThatBreaksOffIsNeverWhole(String road, String how) throws Exception {
    if (how.startsWith("2")) {
      NettyH2.Stream stream =
          h2.call(
              mesh.h1.to(road),
              new DefaultHttp2Headers().method("POST").scheme("http").path("/up").authority("a"),
              false);
      stream.data("half", false);
      arrived(road);
      if (how.endsWith("rst")) {
        stream.reset(Http2Error.CANCEL);
      } else {
        stream.closeConnection();
      }
    } else {
      try (RawHttp http = new RawHttp(mesh.h1.to(road))) {
        http.send(
            how.startsWith("length")
                ? "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"
                : "POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        arrived(road);
        if (how.endsWith("rst")) {
          http.socket.setSoLinger(true, 0);
        } else {
          http.socket.shutdownOutput();
        }
      }
    }
    assertThat(ends.poll(15, TimeUnit.SECONDS)).isEqualTo("broken");
  }

  /** The request is under way to the application. */
  private void arrived(String road) {
    if (!road.endsWith("2")) {
      Eventually.holds("the application is called", () -> h1.accepted.get() > 0);
    } else {
      Eventually.holds("the application is called", () -> h2.streams.get() > 0);
    }
  }
}
