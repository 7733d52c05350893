package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The first thing that a person tries. */
class QuickstartStory {
  @Test
  void itsCheckPasses() throws IOException {
    Lab.Result result =
        Lab.run("", List.of(Lab.ROOT.resolve("quickstart").toString(), "--check", "--no-build"));

    assertThat(result.ok().out()).doesNotContain("FAIL").contains("--check passed");
    System.out.println(
        result.lines().stream()
            .filter(line -> line.contains("first answer"))
            .findFirst()
            .orElse(""));
  }
}
