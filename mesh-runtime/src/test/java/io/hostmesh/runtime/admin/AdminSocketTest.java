package io.hostmesh.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators ask a daemon over its socket and get an answer, or one sentence. */
class AdminSocketTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir Path directory;
  private final Vertx vertx =
      Vertx.builder().with(new VertxOptions().setPreferNativeTransport(true)).build();
  private Path socket = Path.of("unset");

  @BeforeEach
  void listen() throws Exception {
    socket = directory.resolve("run/pilot.sock");
    AdminServer server = new AdminServer(vertx, _ -> false);
    server.route(
        HttpMethod.POST,
        "/echo",
        request ->
            Future.succeededFuture(
                new JsonObject()
                    .put("uid", request.peer().uid())
                    .put("name", request.required("name"))
                    .put("body", request.json())));
    server.route(
        HttpMethod.GET, "/wrong", _ -> Future.failedFuture(new UserError("a.conf:1: no; do this")));
    // A socket that a killed daemon left behind does not stand in the way.
    Files.createDirectories(directory.resolve("run"));
    Files.createFile(socket);
    server.listen(socket).toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private JsonObject ask(HttpMethod method, String uri, Buffer body) {
    try (AdminClient client = new AdminClient(vertx, socket, "pilot")) {
      return client.ask(method, uri, body, LIMIT);
    }
  }

  @Test
  void theKernelSaysWhoAsks() throws Exception {
    JsonObject answer =
        ask(HttpMethod.POST, "/echo?name=x", new JsonObject().put("a", 1).toBuffer());
    assertThat(answer.getInteger("uid"))
        .isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    assertThat(answer.getString("name")).isEqualTo("x");
    assertThat(answer.getJsonObject("body").getInteger("a")).isEqualTo(1);
  }

  @Test
  void refusalsArriveAsTheirSentence() {
    assertThatThrownBy(() -> ask(HttpMethod.GET, "/wrong", Buffer.buffer()))
        .isInstanceOf(UserError.class)
        .hasMessage("a.conf:1: no; do this");
    assertThatThrownBy(() -> ask(HttpMethod.POST, "/echo", Buffer.buffer()))
        .hasMessage("the parameter name is missing");
    assertThatThrownBy(() -> ask(HttpMethod.GET, "/nothing", Buffer.buffer()))
        .hasMessageContaining("no such request");
  }

  @Test
  void aDaemonThatIsNotThereIsNamed() {
    try (AdminClient client = new AdminClient(vertx, directory.resolve("none"), "citadel")) {
      assertThatThrownBy(() -> client.ask(HttpMethod.GET, "/", Buffer.buffer(), LIMIT))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("citadel is not running here");
    }
  }
}
