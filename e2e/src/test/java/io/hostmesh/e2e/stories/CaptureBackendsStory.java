package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
      assertThat(lab.on("h1", rules).ok().out()).containsIgnoringCase("hostmesh");
      assertThat(lab.on("h1", others).out()).doesNotContain("HOSTMESH").doesNotContain("chain");
      assertThat(lab.hostmesh("status").ok().out()).doesNotContain("problem");
    }
  }
}
