package io.hostmesh.agent.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalInstancesTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path temporary;

  private final Vertx vertx = Vertx.vertx();
  private final FakeRegistrar registry = new FakeRegistrar();
  private Path folder = Path.of("");

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectory(temporary.resolve("services.d"));
  }

  @AfterEach
  void end() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private LocalInstances read(Owners owners) throws IOException {
    return LocalInstances.read(
        vertx,
        folder,
        new DefinitionMemory(new StateFiles(temporary.resolve("state")), () -> true),
        Map.of(),
        owners);
  }

  private LocalInstances read() throws IOException {
    return read((_, _, _, _) -> Optional.empty());
  }

  private void declare(String file, int port) throws IOException {
    Files.writeString(
        folder.resolve(file),
        "service { name = web, port = "
            + port
            + ", workload { unit = web.service }, checks = [ { tcp = true, interval = 100ms } ] }");
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static ServerSocket application() throws IOException {
    return new ServerSocket(0, 16, InetAddress.ofLiteral("127.0.0.1"));
  }

  @Test
  void anInstanceIsWellWhileItListens() throws Exception {
    ServerSocket application = application();
    int port = application.getLocalPort();
    declare("web.conf", port);
    try (LocalInstances instances = read()) {
      instances.start(registry);
      await("well", () -> registry.listed.getOrDefault("web-p" + port, false));

      application.close();

      await("ill", () -> !registry.listed.getOrDefault("web-p" + port, true));
    }
  }

  @Test
  void aPortThatSomeoneElseHoldsIsNotTheInstances() throws Exception {
    try (ServerSocket application = application()) {
      declare("web.conf", application.getLocalPort());
      try (LocalInstances instances = read((_, _, _, _) -> Optional.of("held by uid 1"))) {
        instances.start(registry);
        ServiceDefinition.Listener web =
            instances.definitions().services().getFirst().listener().orElseThrow();

        await("the reason", () -> instances.health(web).output().contains("held by uid 1"));
        assertThat(instances.health(web).well()).isFalse();
      }
    }
  }

  @Test
  void filesThatComeChangeAndGoAreSeen() throws Exception {
    try (LocalInstances instances = read()) {
      instances.start(registry);
      declare("web.conf", 7001);
      await("it came", () -> registry.listed.containsKey("web-p7001"));

      declare("web.conf", 7002);
      await("it changed", () -> registry.listed.keySet().equals(java.util.Set.of("web-p7002")));

      Files.writeString(folder.resolve("web.conf"), "service {");
      await("the problem", () -> !instances.definitions().problems().isEmpty());
      assertThat(registry.listed).containsOnlyKeys("web-p7002");

      Files.delete(folder.resolve("web.conf"));
      await("it went", registry.listed::isEmpty);
    }
  }

  @Test
  void aBadFileKeepsAFirstStartFromGoingOnAndALaterOneNot() throws Exception {
    declare("web.conf", 7001);
    read().close();
    Files.writeString(folder.resolve("web.conf"), "service { name = web, port = 0 }");

    try (LocalInstances instances = read()) {
      assertThat(instances.definitions().services()).hasSize(1);
      assertThat(instances.definitions().problems()).hasSize(1);
    }

    Files.writeString(folder.resolve("new.conf"), "service { name = new, port = 0 }");
    assertThatThrownBy(this::read)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("new.conf:1: service.port: 0 is not within 1 to 65535");
  }

  @Test
  void whatWasRemovedWhileTheAgentWasAwayIsTakenOut() throws Exception {
    declare("web.conf", 7001);
    read().close();
    Files.delete(folder.resolve("web.conf"));
    registry.listed.put("web-p7001", true);

    try (LocalInstances instances = read()) {
      instances.start(registry);
      await("taken out", registry.listed::isEmpty);
    }
  }

  @Test
  void aFolderThatIsNotThereIsSaid() {
    folder = temporary.resolve("nowhere");

    assertThatThrownBy(this::read)
        .isInstanceOf(UserError.class)
        .hasMessage(
            "services-dir: there is no folder " + folder + "; make it, or name another one");
  }
}
