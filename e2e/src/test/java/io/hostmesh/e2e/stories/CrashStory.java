package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A lab that ended with kill -9 is removed by the next command. */
class CrashStory {
  @Test
  void theNextUpAndTheNextDownRemoveWhatIsLeft() throws IOException {
    Lab lab = Lab.up("crash", "--hosts", "1");
    Programs.echo(lab, "h1", "echo", 8080, "echo");
    kill(lab);
    assertThat(left()).contains("hm-");

    lab.hostmesh("lab", "up", "--hosts", "1").ok();
    Programs.echo(lab, "h1", "echo", 8080, "echo");
    assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
        .startsWith("echo GET /");
    assertThat(lab.hostmesh("lab", "up").status())
        .as("a second lab in the same folder")
        .isNotZero();
    kill(lab);

    lab.hostmesh("lab", "down").ok();
    assertThat(lab.dir()).doesNotExist();
    assertThat(
            Lab.run(
                    "",
                    List.of("sh", "-c", "ps -eo args | grep -F '" + lab.dir() + "' | grep -v grep"))
                .out())
        .isEmpty();
  }

  /** The supervisor with kill -9; its children stay behind. */
  private static void kill(Lab lab) throws IOException {
    String pid =
        lab.hostmesh("lab", "status", "--json")
            .ok()
            .out()
            .lines()
            .filter(line -> line.contains("\"supervisor\""))
            .map(line -> line.replaceAll("[^0-9]", ""))
            .findFirst()
            .orElseThrow();
    Lab.run("", List.of("kill", "-9", pid)).ok();
  }

  private static String left() throws IOException {
    return Lab.run("", List.of("ip", "netns", "list")).ok().out();
  }
}
