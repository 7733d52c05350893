package io.hostmesh.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All kinds of traffic at once through agents with eight event loops: no error, nothing leaks. */
@Timeout(180)
class EightLoopsTest {
  private static final int CALLERS = 12;
  private static final int ROUNDS = 12;

  private final TestMesh mesh = new TestMesh(8);
  private final Vertx vertx = Vertx.vertx();
  private final Leaks leaks = new Leaks();

  /** What Netty's leak detection reports. */
  private static final class Leaks extends Handler {
    final Queue<String> reports = new ConcurrentLinkedQueue<>();

    @Override
    public void publish(LogRecord report) {
      reports.add(report.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private static Logger leakLog() {
    return Logger.getLogger(ResourceLeakDetector.class.getName());
  }

  @BeforeEach
  void watch() {
    leakLog().addHandler(leaks);
  }

  @AfterEach
  void stop() {
    leakLog().removeHandler(leaks);
    mesh.close();
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
  }

  @Test
  void mixedTrafficPasses() throws Exception {
    int http =
        await(vertx.createHttpServer().requestHandler(EightLoopsTest::echo).listen(0, "127.0.0.1"))
            .actualPort();
    try (TcpApp bytes =
        new TcpApp(
            socket -> {
              socket.getInputStream().transferTo(socket.getOutputStream());
              socket.shutdownOutput();
            })) {
      declare("", mesh.h2, http, bytes.port());
      declare("near-", mesh.h1, http, bytes.port());
      List<Callable<Void>> calls = new ArrayList<>();
      for (String where : List.of("", "near-")) {
        calls.addAll(callers(where));
      }
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (var call : threads.invokeAll(calls)) {
          call.get();
        }
      }
      assertThat(bytes.failures).isEmpty();
    }
    assertThat(mesh.h1.log).isNotEmpty().allMatch(line -> line.contains("\"flags\":\"-\""));
    assertThat(mesh.h2.log).isNotEmpty().allMatch(line -> line.contains("\"flags\":\"-\""));
    assertNothingLeaks();
  }

  private void declare(String where, TestMesh.Agent agent, int http, int bytes) {
    mesh.service(agent, where + "http", where + "i1", Protocol.HTTP, http, "v1");
    mesh.service(agent, where + "h2", where + "i2", Protocol.HTTP2, http, "v1");
    mesh.service(agent, where + "tcp", where + "i3", Protocol.TCP, bytes, "v1");
    mesh.service(agent, where + "auto", where + "i4", Protocol.AUTO, http, "v1");
  }

  private List<Callable<Void>> callers(String where) {
    InetSocketAddress http = mesh.h1.to(where + "http");
    InetSocketAddress undeclared = mesh.h1.to(where + "auto");
    InetSocketAddress tcp = mesh.h1.to(where + "tcp");
    InetSocketAddress h2 = mesh.h1.to(where + "h2");
    HttpClient client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false));
    List<Callable<Void>> calls = new ArrayList<>();
    for (int caller = 0; caller < CALLERS; caller++) {
      int seed = caller;
      calls.add(() -> http1(http, seed));
      calls.add(() -> http1(undeclared, seed));
      calls.add(() -> http2(client, h2, seed));
      calls.add(() -> http2(client, undeclared, seed));
      calls.add(() -> tcp(tcp, seed));
    }
    return calls;
  }

  private static void echo(HttpServerRequest request) {
    var _ = request.body().compose(body -> request.response().end(body));
  }

  private static byte[] body(Random random) {
    byte[] body = new byte[random.nextInt(random.nextBoolean() ? 100 : 200_000)];
    Arrays.fill(body, (byte) ('a' + random.nextInt(26)));
    return body;
  }

  /** Some requests on one connection, then the next connection. */
  private static Void http1(InetSocketAddress address, int seed) throws Exception {
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round += 4) {
      try (RawHttp http = new RawHttp(address)) {
        for (int i = 0; i < 4; i++) {
          String body = new String(body(random), US_ASCII);
          http.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n");
          http.send(body);
          assertThat(http.answer().body()).isEqualTo(body);
        }
      }
    }
    return null;
  }

  private static Void http2(HttpClient client, InetSocketAddress address, int seed) {
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      Buffer body = Buffer.buffer(body(random));
      Buffer answer =
          await(
              client
                  .request(HttpMethod.POST, address.getPort(), "127.0.0.1", "/")
                  .compose(request -> request.send(body).compose(HttpClientResponse::body)));
      assertThat(answer).isEqualTo(body);
    }
    return null;
  }

  private static Void tcp(InetSocketAddress address, int seed) throws Exception {
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] body = body(random);
      try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
        socket.setSoTimeout(60_000);
        Thread writer =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        socket.getOutputStream().write(body);
                        socket.shutdownOutput();
                      } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
        assertThat(socket.getInputStream().readAllBytes()).isEqualTo(body);
        writer.join();
      }
    }
    return null;
  }

  /** What was lost is found when it is collected and another buffer is made. */
  private void assertNothingLeaks() {
    for (int i = 0; i < 3; i++) {
      System.gc();
      IntStream.range(0, 100).forEach(_ -> PooledByteBufAllocator.DEFAULT.buffer(64).release());
    }
    assertThat(leaks.reports).isEmpty();
  }
}
