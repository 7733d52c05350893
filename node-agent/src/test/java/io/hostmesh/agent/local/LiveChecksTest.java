package io.hostmesh.agent.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kind of check against an application that is well, falls ill, and is well again. */
class LiveChecksTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int SERVING = 1;
  private static final int NOT_SERVING = 2;
  private static final int NOTHING = -1;

  @TempDir Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger answers = new AtomicInteger();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  @AfterEach
  void end() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  /** Runs the agent's part for one instance with this check. */
  private LocalInstances checking(String check, int port, Owners owners) throws IOException {
    Path services = Files.createDirectories(folder.resolve("services.d"));
    Files.writeString(
        services.resolve("web.conf"),
        "service { name = web, port = %d, workload { unit = web.service }\n checks = [ { %s, interval = 100ms, timeout = 2s } ] }"
            .formatted(port, check));
    LocalInstances instances =
        LocalInstances.read(
            vertx,
            services,
            new DefinitionMemory(new StateFiles(folder.resolve("state")), () -> true),
            Map.of(),
            owners);
    instances.start(new FakeRegistrar());
    return instances;
  }

  private LocalInstances checking(String check, int port) throws IOException {
    return checking(check, port, (_, _, _, _) -> Optional.empty());
  }

  private static void await(LocalInstances instances, Predicate<Health> condition)
      throws InterruptedException {
    ServiceDefinition.Listener web =
        instances.definitions().services().getFirst().listener().orElseThrow();
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.test(instances.health(web))) {
      assertThat(System.nanoTime()).as("%s", instances.health(web)).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static Predicate<Health> ill(String why) {
    return health -> !health.well() && health.output().contains(why);
  }

  private int serve(Handler<HttpServerRequest> application, int port) throws Exception {
    HttpServer server = vertx.createHttpServer().requestHandler(application);
    return server
        .listen(port, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS)
        .actualPort();
  }

  private void http(HttpServerRequest request) {
    asked.add(request.uri());
    if (answers.get() != NOTHING) {
      request.response().setStatusCode(answers.get()).end();
    }
  }

  /** Health as the protocol has it: the status of {@code web}, NOT_FOUND for any other service. */
  private void grpc(GrpcServerRequest<Buffer, Buffer> call) {
    call.handler(
        question -> {
          String service = question.getString(2, question.length()); // Behind tag and length.
          asked.add(call.fullMethodName() + " " + service);
          if (answers.get() == NOTHING) {
            return;
          }
          if (service.equals("web")) {
            call.response().end(Buffer.buffer(new byte[] {8, (byte) answers.get()}));
          } else {
            call.response().status(GrpcStatus.NOT_FOUND).end();
          }
        });
  }

  private int serveGrpc() throws Exception {
    return serve(GrpcServer.server(vertx).callHandler(this::grpc), 0);
  }

  @Test
  void http() throws Exception {
    answers.set(204);
    try (LocalInstances instances = checking("http = \"/healthz?deep=1\"", serve(this::http, 0))) {
      await(instances, Health::well);
      assertThat(asked).containsOnly("/healthz?deep=1");

      answers.set(503);
      await(instances, ill("status 503"));
      answers.set(200);
      await(instances, Health::well);
      answers.set(NOTHING);
      await(instances, ill("no answer in time"));
      answers.set(200);
      await(instances, Health::well);
    }
  }

  @Test
  void tcp() throws Exception {
    ServerSocket first = new ServerSocket(0, 64, InetAddress.ofLiteral("127.0.0.1"));
    int port = first.getLocalPort();
    try (LocalInstances instances = checking("tcp = true", port)) {
      await(instances, Health::well);

      first.close();
      await(instances, ill("connection refused"));
      try (ServerSocket _ = new ServerSocket(port, 64, InetAddress.ofLiteral("127.0.0.1"))) {
        await(instances, Health::well);
      }
    }
  }

  @Test
  void grpc() throws Exception {
    answers.set(SERVING);
    try (LocalInstances instances = checking("grpc = web", serveGrpc())) {
      await(instances, Health::well);
      assertThat(asked)
          .allMatch(question -> question.startsWith("grpc.health.v1.Health/Check "))
          .allMatch(question -> question.endsWith("web"));

      answers.set(NOT_SERVING);
      await(instances, ill("NOT_SERVING"));
      answers.set(SERVING);
      await(instances, Health::well);
      answers.set(NOTHING);
      await(instances, ill("no answer in time"));
      answers.set(SERVING);
      await(instances, Health::well);
    }
  }

  @Test
  void grpcOfAServiceThatTheServerDoesNotKnow() throws Exception {
    answers.set(SERVING);
    try (LocalInstances instances = checking("grpc = shop", serveGrpc())) {
      await(instances, ill("NOT_FOUND"));
    }
  }

  @Test
  void command() throws Exception {
    Path sign = Files.createFile(folder.resolve("well"));
    String check =
        "command = [ sh, -c, \"test -e %s || { echo the sign is gone; exit 7; }\" ]"
            .formatted(sign);
    try (LocalInstances instances = checking(check, 9)) {
      await(instances, Health::well);

      Files.delete(sign);
      await(instances, ill("status 7: the sign is gone"));
      Files.createFile(sign);
      await(instances, Health::well);
    }
  }

  @Test
  void aCommandThatDoesNotEndIsKilledAndOneThatIsNotThereIsNamed() throws Exception {
    assertThat(new CommandProbe(List.of("sleep", "1000"), Duration.ofMillis(100)).run())
        .contains("no end in time");
    try (LocalInstances instances = checking("command = [ /nowhere/check ]", 9)) {
      await(instances, ill("/nowhere/check cannot be started"));
    }
  }

  /** Else whoever takes a stopped service's port would make it well again. */
  @ParameterizedTest
  @ValueSource(strings = {"http = \"/\"", "tcp = true", "grpc = web"})
  void aStrangerOnThePortIsNotAsked(String check) throws Exception {
    answers.set(check.startsWith("grpc") ? SERVING : 200);
    int port = check.startsWith("grpc") ? serveGrpc() : serve(this::http, 0);

    try (LocalInstances instances = checking(check, port, (_, _, _, _) -> Optional.of("held"))) {
      await(instances, ill("held"));
      assertThat(asked).isEmpty();
    }
  }
}
