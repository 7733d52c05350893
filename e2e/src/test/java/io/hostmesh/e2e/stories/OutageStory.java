package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Parts of the mesh end, one after the other and together, while calls go on. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OutageStory {
  private static final Path CALLS = Programs.script("calls.py");

  private static Lab lab = Lab.named("outage");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("outage");
    Programs.echo(lab, "h2", "greeter", 8080, "greeter");
    assertThat(call()).startsWith("greeter");
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static String call() throws IOException {
    return lab.as("web", "h1", "curl -sS --max-time 5 http://greeter.mesh/").out();
  }

  /** Calls without a pause while something happens; what went wrong, a line a call. */
  private static List<String> failuresWhile(boolean newConnections, Work work) throws Exception {
    Path stop = Path.of("/tmp/hostmesh-e2e/stop");
    Path output = Path.of("/tmp/hostmesh-e2e/calls.out");
    Files.deleteIfExists(stop);
    Process calls =
        lab.begin(
            "web",
            "h1",
            "exec python3 "
                + CALLS
                + " http://greeter.mesh/ "
                + stop
                + (newConnections ? " new" : ""),
            output);
    try {
      Thread.sleep(1_000); // Load before the event, so that calls are under way.
      work.run();
      Thread.sleep(1_000); // And after it.
    } finally {
      Files.writeString(stop, "");
      calls.waitFor();
    }
    List<String> lines = Files.readAllLines(output);
    assertThat(lines).isNotEmpty();
    assertThat(lines.getFirst()).startsWith("good ");
    assertThat(Integer.parseInt(lines.getFirst().substring(5))).isGreaterThan(50);
    return lines.subList(1, lines.size());
  }

  private interface Work {
    void run() throws Exception;
  }

  @Test
  @Order(1)
  void aRunningAgentIsReplacedWithoutAFailedRequest() throws Exception {
    assertThat(failuresWhile(true, () -> lab.hostmesh("lab", "replace", "h1").ok())).isEmpty();
    assertThat(failuresWhile(true, () -> lab.hostmesh("lab", "replace", "h2").ok())).isEmpty();
    assertThat(failuresWhile(false, () -> lab.hostmesh("lab", "replace", "h2").ok())).isEmpty();
  }

  @Test
  @Order(2)
  void aKilledAgentIsBackAndNothingWentOutInTheClear() throws Exception {
    lab.hostmesh("lab", "kill", "h1").ok();

    Lab.within(Duration.ofSeconds(15), "calls to go again", () -> call().startsWith("greeter"));
    assertThat(call()).contains("svc/web");
  }

  @Test
  @Order(3)
  void withoutRegistryCitadelAndPilotCallsGoOn() throws Exception {
    assertThat(
            failuresWhile(
                true,
                () -> {
                  for (String part : List.of("registry", "citadel", "pilot")) {
                    lab.hostmesh("lab", "stop", part).ok();
                  }
                }))
        .isEmpty();
    assertThat(lab.hostmesh("lab", "status").ok().out()).contains("stopped");
    assertThat(call()).contains("svc/web");
  }

  @Test
  @Order(4)
  void anAgentStartedWithoutThemServesFromItsDisk() throws Exception {
    for (String host : List.of("h1", "h2")) {
      lab.hostmesh("lab", "stop", host).ok();
      lab.hostmesh("lab", "start", host).ok();
    }

    Lab.within(Duration.ofSeconds(10), "calls to go again", () -> call().contains("svc/web"));
  }

  @Test
  @Order(5)
  void theyComeBackAndRulesAreAppliedAgain() throws Exception {
    for (String part : List.of("registry", "citadel", "pilot")) {
      lab.hostmesh("lab", "start", part).ok();
    }

    Lab.within(
        Duration.ofSeconds(30),
        "a rule to be taken by all",
        () -> lab.apply("kind = access, service = greeter, allow = []").status() == 0);
    Lab.within(Duration.ofSeconds(20), "the rule to hold", () -> call().contains("denied"));
  }
}
