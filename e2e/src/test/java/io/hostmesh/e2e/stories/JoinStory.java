package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A host joins with a token that is good, and is told by its agent what is wrong with any other.
 */
class JoinStory {
  private static Lab lab = Lab.named("join");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("join", "--hosts", "1");
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static Path state() {
    return lab.dir().resolve("state/h1");
  }

  /** The host is as one that never joined, but for this token. */
  private static void forget(String token) throws IOException {
    lab.hostmesh("lab", "stop", "h1").ok();
    Lab.run("", List.of("rm", "-r", state().resolve("identity").toString())).ok();
    Files.writeString(state().resolve("join.token"), token);
  }

  private static void isToldWith(String token, String sentence) throws Exception {
    forget(token);
    try (AutoCloseableProcess _ = AutoCloseableProcess.start(lab.command("lab", "start", "h1"))) {
      Lab.within(
          Duration.ofSeconds(30),
          "\"" + sentence + "\" in " + lab.log("h1"),
          () ->
              lab.log("h1").lines().anyMatch(line -> line.matches("hostmesh-agent: " + sentence)));
      assertThat(lab.log("h1")).doesNotContain("\tat ");
    }
  }

  @Test
  void eachTokenThatIsNoGoodIsNamedAndAGoodOneJoins() throws Exception {
    String replayed = Files.readString(state().resolve("join.token"));
    isToldWith(replayed, "the join token .* was used already, by another machine; make a new .*");
    assertThat(lab.hostmesh("status").ok().out())
        .contains("alarm: the join token " + replayed.substring(0, replayed.indexOf('.')))
        .contains(" by the node h1 at ")
        .contains("one of the two has a stolen token");

    String expired =
        lab.hostmesh("token", "create", "--node", "h1", "--replace", "--ttl", "1ms").ok().out();
    isToldWith(expired, "the join token .* expired at .*; make a new one with .*");

    forget(lab.hostmesh("token", "create", "--node", "h1", "--replace").ok().out());
    lab.hostmesh("lab", "start", "h1").ok();
    assertThat(lab.hostmesh("status").ok().out()).contains("/node/h1 until");
  }

  @Test
  void anOperatorEndsAnAgentByItsSocket() throws Exception {
    lab.hostmesh("lab", "start", "h1").ok();
    assertThat(ask("mode=sideways")).contains("is neither open nor closed");

    assertThat(ask("mode=open")).contains("stopping");

    Lab.within(
        Duration.ofSeconds(20),
        "the agent to end by itself",
        () -> lab.log("supervisor").lines().anyMatch(line -> line.endsWith("ended with status 0")));
    lab.hostmesh("lab", "start", "h1").ok(); // The lab keeps it running.
  }

  private static String ask(String query) throws IOException {
    Path socket = lab.dir().resolve("run/h1/agent.sock");
    return Lab.run(
            "",
            List.of(
                "curl",
                "-sS",
                "-X",
                "POST",
                "--unix-socket",
                socket.toString(),
                "http://agent/v1/stop?" + query))
        .ok()
        .out();
  }
}
