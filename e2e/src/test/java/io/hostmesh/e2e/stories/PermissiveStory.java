package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A mesh that lets callers from outside in, as a new one does until all are in it. */
class PermissiveStory {
  @Test
  void whoIsNotInTheMeshStillGetsIn() throws IOException {
    try (Lab lab = Lab.up("permissive", "--", "mesh.mode=permissive")) {
      Programs.echo(lab, "h2", "echo", 8080, "echo");

      assertThat(lab.on("hub", "curl -sS --max-time 10 http://10.99.0.12:8080/plain").ok().out())
          .startsWith("echo GET /plain")
          .doesNotContain("spiffe:");
      assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
          .contains("svc/web");
    }
  }
}
