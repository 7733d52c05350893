package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both ways to capture, with calls by name and to real addresses. */
class CaptureBackendsStory {
  @ParameterizedTest
  @CsvSource({
    "nft, nft list tables, iptables-save",
    "iptables, iptables-save, nft list table inet hostmesh"
  })
  void callsAreCaptured(String backend, String rules, String others) throws IOException {
    try (Lab lab = Lab.up("capture", "--", "capture.backend=" + backend)) {
      Programs.echo(lab, "h2", "echo", 8080, "echo");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
          .contains("svc/web");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://10.99.0.12:8080/").ok().out())
          .contains("svc/web");
      assertThat(lab.as("web", "h1", "curl -6 -sS --max-time 10 http://echo.mesh/").ok().out())
          .contains("svc/web");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
          .startsWith("echo GET / from 127.0.0.6\n");
      assertThat(lab.on("h1", rules).ok().out()).containsIgnoringCase("hostmesh");
      assertThat(lab.on("h1", others).out()).doesNotContain("HOSTMESH").doesNotContain("chain");
      assertThat(lab.hostmesh("status").ok().out()).doesNotContain("problem");
    }
  }

  /** Also for calls by IPv6 and by neighbours; one that listens on loopback is called as ever. */
  @ParameterizedTest
  @ValueSource(strings = {"nft", "iptables"})
  void anApplicationOnTheHostsAddressSeesTheCallersHost(String backend) throws IOException {
    try (Lab lab =
        Lab.up("capture", "--", "capture.backend=" + backend, "capture.source=preserve")) {
      Programs.echo(lab, "h2", "echo", 8080, "echo", "--address", "10.99.0.12");
      Programs.echo(lab, "h2", "shy", 8081, "shy");
      Programs.echo(lab, "h1", "near", 8082, "near", "--address", "10.99.0.11");
      String call = "curl -sS --max-time 10 ";

      assertThat(lab.as("web", "h1", call + "http://echo.mesh/").ok().out())
          .startsWith("echo GET / from 10.99.0.11\n")
          .contains("svc/web");
      assertThat(lab.as("web", "h1", call + "-6 http://echo.mesh/").ok().out())
          .startsWith("echo GET / from 10.99.0.11\n");
      assertThat(lab.as("web", "h2", call + "http://echo.mesh/").ok().out())
          .startsWith("echo GET / from 10.99.0.12\n");
      assertThat(lab.as("web", "h1", call + "http://near.mesh/").ok().out())
          .startsWith("near GET / from 10.99.0.11\n");
      assertThat(lab.as("web", "h1", call + "http://shy.mesh/").ok().out())
          .startsWith("shy GET / from 127.0.0.6\n");
      assertThat(lab.hostmesh("status").ok().out()).doesNotContain("problem");
    }
  }
}
