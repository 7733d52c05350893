package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.model.Protocol;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** HTTP/2 with prior knowledge and gRPC's use of it, from the application and to it. */
@Timeout(60)
class H2RoadTest {
  private final TestMesh mesh = new TestMesh();
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      vertx.createHttpClient(
          new HttpClientOptions()
              .setProtocolVersion(HttpVersion.HTTP_2)
              .setHttp2ClearTextUpgrade(false));
  private int port;

  @BeforeEach
  void start() {
    HttpServer server = vertx.createHttpServer().requestHandler(H2RoadTest::serve);
    port = await(server.listen(0, "127.0.0.1")).actualPort();
  }

  @AfterEach
  void stop() {
    mesh.close();
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void serve(HttpServerRequest request) {
    request
        .response()
        .putHeader("x-version", request.version().name())
        .putHeader("x-path", request.path())
        .putHeader("content-type", "application/grpc")
        .putTrailer("grpc-status", "0")
        .setChunked(true);
    switch (String.valueOf(request.path())) {
      case "/reset" -> {
        var _ = request.response().write("half").onComplete(_ -> request.response().reset(2));
      }
      case "/trailers-only" -> {
        request.response().putHeader("grpc-status", "5");
        var _ = request.response().end();
      }
      default -> { // Sends back what comes, as it comes.
        request.handler(
            part -> {
              var _ = request.response().write(part);
              if (request.response().writeQueueFull()) {
                request.pause();
                request.response().drainHandler(_ -> request.resume());
              }
            });
        request.endHandler(
            _ -> {
              var _ = request.response().end();
            });
      }
    }
  }

  private HttpClientRequest request(InetSocketAddress address, String path) {
    return await(
        client.request(
            new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost("127.0.0.1")
                .setPort(address.getPort())
                .setURI(path)
                .putHeader("content-type", "application/grpc")
                .putHeader("te", "trailers")));
  }

  private void messageThenTrailers(InetSocketAddress address, String version) {
    // The body is asked for where the head arrives: later some of it would be lost.
    String seen =
        await(
            request(address, "/pkg.Svc/Call")
                .send(Buffer.buffer("hi"))
                .compose(
                    answer ->
                        answer
                            .body()
                            .map(
                                body ->
                                    answer.statusCode()
                                        + " "
                                        + answer.getHeader("x-version")
                                        + " "
                                        + body
                                        + " "
                                        + answer.getTrailer("grpc-status"))));
    assertThat(seen).isEqualTo("200 " + version + " hi 0");
  }

  @Test
  void grpcPassesWithItsTrailers() {
    mesh.service(mesh.h2, "far", "f1", Protocol.GRPC, port, "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.GRPC, port, "v1");
    messageThenTrailers(mesh.h1.to("far"), "HTTP_2");
    messageThenTrailers(mesh.h1.to("near"), "HTTP_2");
  }

  @Test
  void anHttp2CallerOfAnHttp1ServiceIsTranslated() {
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, port, "v1");
    messageThenTrailers(mesh.h1.to("far"), "HTTP_1_1");
  }

  @Test
  void anHttp1CallerOfAnHttp2ServiceIsTranslated() throws Exception {
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, port, "v1");
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
      RawHttp.Answer answer = http.answer();
      assertThat(answer.has("x-version: HTTP_2")).isTrue();
      assertThat(answer.body()).isEqualTo("hi\ngrpc-status: 0");
    }
  }

  @Test
  void answersOfTrailersOnlyStayThat() {
    mesh.service(mesh.h2, "far", "f1", Protocol.GRPC, port, "v1");
    HttpClientResponse answer =
        await(request(mesh.h1.to("far"), "/trailers-only").send(Buffer.buffer("hi")));
    assertThat(answer.getHeader("grpc-status")).isEqualTo("5");
  }

  @Test
  void bothSidesStreamAtOnce() throws Exception {
    mesh.service(mesh.h2, "far", "f1", Protocol.GRPC, port, "v1");
    HttpClientRequest request = request(mesh.h1.to("far"), "/chat").setChunked(true);
    CountDownLatch echoes = new CountDownLatch(100);
    var _ =
        request
            .response()
            .onSuccess(
                answer ->
                    answer.handler(
                        _ -> {
                          echoes.countDown();
                          if (echoes.getCount() == 0) {
                            var _ = request.end();
                          } else {
                            var _ = request.write("m");
                          }
                        }));
    await(request.write("m"));
    assertThat(echoes.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aResetInTheMiddleIsAReset() {
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, port, "v1");
    Future<Buffer> body =
        request(mesh.h1.to("far"), "/reset").send().compose(HttpClientResponse::body);
    Eventually.holds("the body fails", body::failed);
  }

  @Test
  void aDeniedGrpcCallGetsGrpcsStatus() {
    mesh.service(mesh.h2, "far", "f1", Protocol.GRPC, port, "v1");
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", false, true);
    HttpClientResponse answer = await(request(mesh.h1.to("far"), "/x").send(Buffer.buffer("hi")));
    assertThat(answer.getHeader("grpc-status")).isEqualTo("7");
    assertThat(answer.getHeader("grpc-message")).contains("mesh.default-access");
  }
}
