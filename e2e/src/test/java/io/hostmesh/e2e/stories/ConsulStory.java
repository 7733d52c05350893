package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The mesh on a real Consul: an agent of it on each host, or one outside of the lab. */
@Tag("consul")
class ConsulStory {
  @Test
  void aConsulAgentOnEachHost() throws IOException {
    String consul = consul();
    try (Lab lab = Lab.up("consul", "--registry", "consul")) {
      Programs.echo(lab, "h2", "echo", 8080, "echo");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
          .contains("svc/web");
      assertThat(lab.on("h1", consul + " catalog services").ok().lines()).contains("echo");
      assertThat(lab.on("h1", consul + " members").ok().out()).contains("hub", "h1", "h2");
    }
  }

  @Test
  void aConsulOutsideOfTheLab() throws Exception {
    String consul = consul();
    int port = freePort();
    try (AutoCloseableProcess _ =
            AutoCloseableProcess.start(
                List.of(
                    consul,
                    "agent",
                    "-dev",
                    "-bind=127.0.0.1",
                    "-hcl=disable_update_check = true",
                    "-hcl=ports { http = "
                        + port
                        + ", dns = -1, grpc = -1, grpc_tls = -1, server = "
                        + freePort()
                        + ", serf_lan = "
                        + freePort()
                        + ", serf_wan = -1 }"));
        Lab lab = outside(port)) {
      Programs.echo(lab, "h2", "echo", 8080, "echo");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
          .contains("svc/web");
      assertThat(
              Lab.run("", List.of(consul, "catalog", "services", "-http-addr=127.0.0.1:" + port))
                  .ok()
                  .lines())
          .contains("echo");
    }
  }

  private static Lab outside(int port) throws Exception {
    Lab.within(
        Duration.ofSeconds(20),
        "Consul to have a leader",
        () ->
            Lab.run("", List.of("curl", "-s", "http://127.0.0.1:" + port + "/v1/status/leader"))
                .out()
                .contains(":"));
    return Lab.up("consul", "--registry", "consul=127.0.0.1:" + port);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String consul() throws IOException {
    return Lab.run(
            "",
            List.of("sh", "-c", "command -v consul || " + Lab.ROOT.resolve("tools/consul/build")))
        .ok()
        .lines()
        .getLast();
  }
}
