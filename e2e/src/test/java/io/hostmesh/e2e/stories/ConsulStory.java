package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The mesh on a real Consul: an agent of it on each host, or one outside of the lab. */
@Tag("consul")
class ConsulStory {
  /** Access control is on, what has no token may do nothing, each part has what it needs. */
  @Test
  void aConsulAgentOnEachHost() throws Exception {
    String consul = Lab.consul();
    try (Lab lab = Lab.up("consul", "--registry", "consul")) {
      Programs.echo(lab, "h2", "echo", 8080, "echo");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
          .contains("svc/web");
      String token = " -token-file=" + token(lab, "registry");
      assertThat(lab.on("h1", consul + " catalog services" + token).ok().lines()).contains("echo");
      assertThat(lab.on("h1", consul + " members" + token).ok().out()).contains("hub", "h1", "h2");
      lab.apply("kind = access, service = echo, allow = [ { from = web } ]").ok();
      assertThat(lab.as("other", "h1", "curl -sS --max-time 10 http://echo.mesh/").out())
          .doesNotContain("svc/other");
      lab.hostmesh("delete", "access", "echo").ok();

      new ConsulIntentions(lab, consul, token).hold();
      eachPartWritesItsOwnOnly(lab);
      Canary.secretsAreSeenNowhere(lab);
    }
  }

  private static void eachPartWritesItsOwnOnly(Lab lab) throws IOException {
    for (String key : List.of("rules/access/default/echo", "vips/1", "leader/pilot")) {
      assertThat(writes(lab, "h1", key)).as("agent: " + key).isEqualTo("403");
      assertThat(writes(lab, "citadel", key)).as("citadel: " + key).isEqualTo("403");
    }
    for (String key : List.of("entitlements/h9", "tokens/abc", "nodes/h9")) {
      assertThat(writes(lab, "h1", key)).as("agent: " + key).isEqualTo("403");
      assertThat(writes(lab, "pilot", key)).as("pilot: " + key).isEqualTo("403");
    }
    assertThat(writes(lab, "nobody", "rules/access/default/echo")).isEqualTo("403");
    String elsewhere = "{\"Node\":\"h2\",\"Address\":\"10.99.0.66\"}";
    for (String part : List.of("h1", "citadel", "nobody")) {
      assertThat(put(lab, part, "catalog/register", elsewhere)).as(part).isEqualTo("403");
    }
    String service =
        "{\"Node\":\"h2\",\"Address\":\"10.99.0.12\",\"Service\":{\"Service\":\"bad\"}}";
    assertThat(put(lab, "pilot", "catalog/register", service)).isEqualTo("403");
  }

  private static String writes(Lab lab, String part, String key) throws IOException {
    return put(lab, part, "kv/hostmesh/" + key, "forged");
  }

  /** The status of a request to Consul with a part's token. */
  private static String put(Lab lab, String part, String path, String body) throws IOException {
    String token =
        part.equals("nobody") ? "" : " -H \"X-Consul-Token: $(cat " + token(lab, part) + ")\"";
    return lab.on(
            "hub",
            "curl -sS --max-time 10 -o /dev/null -w '%{http_code}' -X PUT"
                + token
                + " -d '"
                + body
                + "' http://127.0.0.1:8500/v1/"
                + path)
        .ok()
        .out()
        .strip();
  }

  private static Path token(Lab lab, String part) {
    return lab.dir().resolve("state").resolve(part).resolve("consul.token");
  }

  @Test
  void aConsulOutsideOfTheLab() throws Exception {
    String consul = Lab.consul();
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
}
