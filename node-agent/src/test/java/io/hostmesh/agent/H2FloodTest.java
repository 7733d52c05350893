package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callers that make work with cheap frames lose their connection, and nobody else notices. */
@Timeout(60)
class H2FloodTest {
  private static final byte[] NOTHING = {};

  private final TestMesh mesh = new TestMesh();
  private final Vertx vertx = Vertx.vertx();
  private InetSocketAddress address;

  @BeforeEach
  void start() throws Exception {
    int port =
        vertx
            .createHttpServer()
            .requestHandler(request -> request.endHandler(_ -> request.response().end("ok")))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS)
            .actualPort();
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, port, "v1");
    address = mesh.h1.to("far");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private interface Flood {
    void send(RawH2 http) throws IOException;
  }

  private void ends(Http2Error error, Flood flood) throws Exception {
    try (RawH2 neighbour = new RawH2(address);
        RawH2 http = new RawH2(address)) {
      flood.send(http);
      http.flush();
      assertThat(http.goAway()).isEqualTo(error);
      assertThat(http.closed()).isTrue();
      neighbour.frame(RawH2.HEADERS, RawH2.END_HEADERS | RawH2.END_STREAM, 1, RawH2.post());
      neighbour.flush();
      assertThat(neighbour.status()).isEqualTo("200");
    }
  }

  @Test
  void rapidResets() throws Exception {
    ends(
        Http2Error.ENHANCE_YOUR_CALM,
        http -> {
          for (int i = 0; i < 1000; i++) {
            int stream = 2 * i + 1;
            http.frame(RawH2.HEADERS, RawH2.END_HEADERS, stream, RawH2.post());
            http.frame(RawH2.RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8});
          }
        });
  }

  @Test
  void continuationsWithoutEnd() throws Exception {
    ends(
        Http2Error.ENHANCE_YOUR_CALM,
        http -> {
          http.frame(RawH2.HEADERS, 0, 1, RawH2.post());
          for (int i = 0; i < 1000; i++) {
            http.frame(RawH2.CONTINUATION, 0, 1, NOTHING);
          }
        });
  }

  @Test
  void aHeadWithoutEnd() throws Exception {
    byte[] header = new byte[16_000];
    Arrays.fill(header, (byte) 'a');
    ends(
        Http2Error.PROTOCOL_ERROR,
        http -> {
          http.frame(RawH2.HEADERS, 0, 1, RawH2.post());
          for (int i = 0; i < 21; i++) { // One more than is taken.
            http.frame(RawH2.CONTINUATION, 0, 1, header);
          }
        });
  }

  @Test
  void emptyData() throws Exception {
    ends(
        Http2Error.ENHANCE_YOUR_CALM,
        http -> {
          http.frame(RawH2.HEADERS, RawH2.END_HEADERS, 1, RawH2.post());
          for (int i = 0; i < 1000; i++) {
            http.frame(RawH2.DATA, 0, 1, NOTHING);
          }
        });
  }

  @Test
  void aSmallHeadThatStandsForALargeOne() throws Exception {
    byte[] value = new byte[126];
    Arrays.fill(value, (byte) 'a');
    byte[] repeats = new byte[10_000];
    Arrays.fill(repeats, (byte) 0xbe); // The newest entry of the dynamic table.
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.writeBytes(RawH2.post());
    head.writeBytes(new byte[] {0x40, 1, 'b', 126}); // b, to be indexed
    head.writeBytes(value);
    head.writeBytes(repeats);
    try (RawH2 http = new RawH2(address)) {
      http.frame(RawH2.HEADERS, RawH2.END_HEADERS | RawH2.END_STREAM, 1, head.toByteArray());
      http.flush();
      assertThat(http.status()).isEqualTo("431");
    }
  }
}
