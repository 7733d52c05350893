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

/** The examples of docs/traffic.md about protection: two instances of a service do badly. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class) // The last one ends a host.
class TrafficProtectionStory {
  private static final Path FOLDER = Path.of("/tmp/hostmesh-e2e");

  private static Lab lab = Lab.named("protection");

  @BeforeAll
  static void up() throws IOException {
    Files.createDirectories(FOLDER);
    mood("one", "");
    mood("two", "");
    lab = Lab.up("protection", "--hosts", "3");
    moody("h2", "one");
    moody("h3", "two");
    lab.hostmesh("node", "allow", "h1", "web").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
    Files.deleteIfExists(file("one"));
    Files.deleteIfExists(file("two"));
  }

  private static Path file(String name) {
    return FOLDER.resolve("mood-" + name);
  }

  private static void mood(String name, String mood) throws IOException {
    Files.writeString(file(name), mood);
  }

  private static void moody(String host, String says) throws IOException {
    lab.run(
            host,
            "greeter",
            8080,
            "http",
            List.of("--copy", Programs.script("moody.py").toString()),
            "python3",
            "moody.py",
            "8080",
            says,
            file(says).toString())
        .ok();
  }

  /** Status and answer of so many requests one after the other, a line each. */
  private static List<String> calls(int count) throws IOException {
    return lab.as(
            "web",
            "h1",
            "curl -s --max-time 15 -w '%{http_code}\\n' 'http://greeter.mesh/[1-" + count + "]'")
        .lines();
  }

  private static long count(List<String> lines, String wanted) {
    return lines.stream().filter(wanted::equals).count();
  }

  private static void both() throws Exception {
    Lab.within(
        Duration.ofSeconds(30),
        "both instances to answer",
        () -> {
          List<String> seen = calls(30);
          return seen.contains("one") && seen.contains("two");
        });
  }

  @Test
  @Order(1)
  void moreThanTheLimitIsRefusedAtOnceAndSaysSo() throws Exception {
    both();
    lab.apply(Rules.ofPage("traffic.md", "protection-limits")).ok();
    Lab.within(
        Duration.ofSeconds(20),
        "a refusal by the limit",
        () -> {
          List<String> answers =
              lab.as(
                      "web",
                      "h1",
                      "curl -s -Z --parallel-immediate --parallel-max 260 --max-time 20 -w '%{http_code}\\n'"
                          + " 'http://greeter.mesh/slow?[1-260]'")
                  .lines();
          return count(answers, "503") > 0
              && count(answers, "200") > 0
              && answers.stream()
                  .anyMatch(line -> line.contains("of the rule upstream default/greeter allows"));
        });
    assertThat(lab.log("h1-access")).contains("\"flags\":\"UO\"");
    Lab.within(
        Duration.ofSeconds(15),
        "status to tell of it",
        () -> lab.hostmesh("status").out().contains("times refused by the limit of"));
    lab.hostmesh("delete", "upstream", "greeter").ok();
  }

  @Test
  @Order(2)
  void oneThatAnswers500IsOutAndComesBack() throws Exception {
    both();
    lab.apply(Rules.ofPage("traffic.md", "protection-outliers")).ok();
    mood("two", "bad");
    Lab.within(
        Duration.ofSeconds(15),
        "the log to tell of the ejection",
        () -> {
          var _ = calls(20);
          return lab.log("h1").contains("is ejected for 10 s: 5 answers of 5xx in a row");
        });
    assertThat(calls(40)).doesNotContain("500", "two");
    Lab.within(
        Duration.ofSeconds(8),
        "status to say who is out",
        () -> lab.hostmesh("status").out().contains("is ejected for "));
    mood("two", "");
    both();
    lab.hostmesh("delete", "upstream", "greeter").ok();
  }

  @Test
  @Order(3)
  void oneThatFailsItsCheckIsOutThoughItAnswers() throws Exception {
    both();
    lab.apply(Rules.ofPage("traffic.md", "protection-checks")).ok();
    var _ = calls(1);
    mood("two", "ill");
    Lab.within(
        Duration.ofSeconds(15), "only the other one to answer", () -> !calls(40).contains("two"));
    assertThat(lab.log("h1")).contains("is out, it fails GET /healthz: status 503");
    mood("two", "");
    both();
    lab.hostmesh("delete", "upstream", "greeter").ok();
  }

  /** All that h3 would send or take is dropped, as when its power fails: nobody says goodbye. */
  @Test
  @Order(4)
  void aHostThatDiesWithoutAWordIsOutWithinTenSeconds() throws Exception {
    both();
    Path output = FOLDER.resolve("dead-host");
    Process calling =
        lab.begin(
            "web",
            "h1",
            "for i in $(seq 1 400); do curl -s -o /dev/null --max-time 20 -w '%{http_code}"
                + " %{time_total}\\n' http://greeter.mesh/; sleep 0.02; done",
            output);
    try {
      Lab.within(
          Duration.ofSeconds(10),
          "calls to be under way",
          () -> Files.readAllLines(output).size() > 20);
      lab.on(
              "h3",
              "nft 'add table inet dead; add chain inet dead in { type filter hook input priority"
                  + " -500; policy drop; }; add chain inet dead out { type filter hook output"
                  + " priority -500; policy drop; }'")
          .ok();
      assertThat(calling.waitFor(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
    } finally {
      calling.destroy();
    }
    List<String> lines = Files.readAllLines(output);
    Files.delete(output);
    double longest =
        lines.stream()
            .mapToDouble(line -> Double.parseDouble(line.split(" ", 2)[1]))
            .max()
            .orElse(0);
    System.out.printf("dead host: the slowest of %d calls took %.1f s%n", lines.size(), longest);
    assertThat(lines).hasSize(400).allMatch(line -> line.startsWith("200 "));
    assertThat(longest).isBetween(1.0, 10.0);
  }
}
