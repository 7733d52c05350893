package io.hostmesh.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.runtime.UserError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
    AdminServer server = new AdminServer(vertx, AdminAccess.OWNER, AuditLog.none());
    server.change(
        HttpMethod.POST,
        "/echo",
        OperatorRole.ADMIN,
        request ->
            Future.succeededFuture(
                new JsonObject()
                    .put("uid", request.caller().json().getInteger("uid"))
                    .put("name", request.required("name"))
                    .put("body", request.json())));
    server.read("/wrong", _ -> Future.failedFuture(new UserError("a.conf:1: no; do this")));
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
    return new AdminSocket(socket, "pilot").ask(method.name(), uri, body.getBytes(), LIMIT);
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
    assertThatThrownBy(() -> new AdminSocket(directory.resolve("none"), "citadel").get("/", LIMIT))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("citadel is not running here");
  }

  @Test
  void aDaemonThatHangsIsNotWaitedForBeyondTheLimit() throws Exception {
    Path hung = directory.resolve("hung.sock");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(hung);
    try (ServerSocketChannel daemon = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      daemon.bind(address, 1); // Connections are made by the kernel; nobody accepts them.
      AdminSocket admin = new AdminSocket(hung, "pilot");
      assertThatThrownBy(() -> admin.get("/", Duration.ofMillis(50)))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("pilot did not answer within");
    }
  }

  @Test
  void aDaemonWhoseQueueIsFullIsSaidNotToAnswer() throws Exception {
    Path full = directory.resolve("full.sock");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(full);
    List<SocketChannel> others = new ArrayList<>();
    try (ServerSocketChannel daemon = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      daemon.bind(address, 1);
      while (others.size() < 1000 && isQueued(address, others)) {}
      assertThatThrownBy(() -> new AdminSocket(full, "pilot").get("/", LIMIT))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("pilot does not answer");
    } finally {
      for (SocketChannel other : others) {
        other.close();
      }
    }
  }

  private static boolean isQueued(UnixDomainSocketAddress address, List<SocketChannel> others)
      throws IOException {
    SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX);
    others.add(other);
    other.configureBlocking(false);
    try {
      return other.connect(address);
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("temporarily unavailable");
      return false;
    }
  }
}
