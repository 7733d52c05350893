package io.hostmesh.agent.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.admin.AdminSocket;
import io.hostmesh.runtime.identity.JoinToken;
import io.hostmesh.runtime.loops.EpollTransport;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that starts on a host of which the control plane knows nothing, or is away. */
class AgentStartTest {
  @TempDir Path folder;

  private final Vertx vertx =
      Vertx.builder()
          .with(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1))
          .withTransport(new EpollTransport())
          .build();

  @AfterEach
  void end() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets =
        IntStream.range(0, count)
            .mapToObj(
                _ -> {
                  try {
                    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                })
            .toList();
    List<Integer> ports = sockets.stream().map(ServerSocket::getLocalPort).toList();
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    return ports;
  }

  private String status() {
    return new AdminSocket(folder.resolve("run/agent.sock"), "the agent")
        .get("/v1/status", Duration.ofSeconds(10))
        .encode();
  }

  @Test
  void withoutRegistryPilotAndCitadelItRunsAndSaysWhatItWaitsFor() throws Exception {
    Path services = Files.createDirectories(folder.resolve("services.d"));
    Files.writeString(
        services.resolve("web.conf"),
        "service { name = web, port = 8080, protocol = http, workload { user = nobody } }");
    List<Integer> ports = freePorts(6);
    Path token =
        Files.writeString(
            folder.resolve("token"),
            new JoinToken("never0asked", "0".repeat(64), "0".repeat(64)).text());
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    AgentConfig config =
        AgentConfig.read(
            Section.parse(
                "agent.conf",
                """
                node { name = h1, address = "127.0.0.1" }
                state-dir = "%1$s/state"
                run-dir = "%1$s/run"
                services-dir = "%1$s/services.d"
                capture.enabled = no
                registry { address = "127.0.0.1:1", local-agent = no }
                pilot.address = "127.0.0.1:1"
                citadel { address = "127.0.0.1:1", token-file = "%2$s" }
                listen { outbound = %3$d, inbound = %4$d, mesh = %5$d, dns = %6$d }
                metrics.listen = "127.0.0.1:%7$d"
                readiness.listen = "127.0.0.1:%8$d"
                """
                    .formatted(
                        folder,
                        token,
                        ports.get(0),
                        ports.get(1),
                        ports.get(2),
                        ports.get(3),
                        ports.get(4),
                        ports.get(5))));
    Host host = new Host(vertx, Clock.systemUTC(), RandomGenerator.getDefault(), "test");

    try (Agent _ = Agent.start(config, host, status -> {})) {
      Instant deadline = Instant.now().plus(Duration.ofSeconds(20));
      String status = status();
      while (!status.contains("registry: ") && Instant.now().isBefore(deadline)) {
        status = status();
      }

      assertThat(status)
          .contains("registry: ", "127.0.0.1:1", "configuration: ", "certificates: ")
          .contains("\"ready\":false");
    }
    assertThat(token).as("kept for when citadel answers").exists();
  }
}
