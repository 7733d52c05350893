package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The examples of docs/traffic.md about tries, faults and mirrors, tried with curl. */
class TrafficTriesStory {
  private static final String CURL =
      "curl -sS --max-time 10 -w '\\n%{http_code} %{time_total}\\n' ";

  private static Lab lab = Lab.named("tries");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("tries", "--hosts", "3");
    flaky("h2", "shop", 8080, "one");
    flaky("h2", "greeter", 8081, "fast");
    flaky("h3", "greeter", 8080, "slow");
    flaky("h3", "parting", 8081, "hang");
    lab.hostmesh("node", "allow", "h1", "web").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static void flaky(String host, String service, int port, String name) throws IOException {
    lab.run(
            host,
            service,
            port,
            "http",
            List.of("--copy", Programs.script("flaky.py").toString()),
            "python3",
            "flaky.py",
            Integer.toString(port),
            name)
        .ok();
  }

  /** The lines that curl writes: bodies, and after each its status and time. */
  private static List<String> curl(String arguments) throws IOException {
    return lab.as("web", "h1", CURL + arguments).ok().lines();
  }

  private static List<String> statuses(List<String> lines) {
    return lines.stream()
        .filter(line -> line.matches("[1-5][0-9]{2} [0-9.]+"))
        .map(line -> line.substring(0, 3))
        .toList();
  }

  private static double slowest(List<String> lines) {
    return lines.stream()
        .filter(line -> line.matches("[1-5][0-9]{2} [0-9.]+"))
        .mapToDouble(line -> Double.parseDouble(line.substring(4)))
        .max()
        .orElseThrow();
  }

  @Test
  void aServiceThatFailsTwiceIsSeenToSucceedAndAPostIsNotRepeated() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "tries").replace("greeter", "shop")).ok();
    assertThat(curl("http://shop.mesh/twice/get").getFirst()).startsWith("one try 3 ");
    assertThat(curl("-X PUT -d body http://shop.mesh/twice/put").getFirst())
        .as("a body goes again")
        .startsWith("one try 3 ");
    assertThat(statuses(curl("-d buy http://shop.mesh/twice/post"))).containsExactly("503");
    assertThat(curl("http://shop.mesh/count/twice/post").getFirst()).isEqualTo("1");
  }

  @Test
  void anInstanceThatHangsIsGivenUpForAnother() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "tries")).ok();
    List<String> answers = curl("'http://greeter.mesh/slow/[1-8]'");
    assertThat(statuses(answers)).hasSize(8).containsOnly("200");
    assertThat(slowest(answers)).isLessThan(2);
  }

  @Test
  void aSlowInstanceIsOvertakenByACopy() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "hedge")).ok();
    curl("-o /dev/null 'http://greeter.mesh/quick/[1-120]'"); // What is usual.
    List<String> answers = curl("'http://greeter.mesh/slow/hedged/[1-8]'");
    assertThat(statuses(answers)).hasSize(8).containsOnly("200");
    assertThat(slowest(answers)).isLessThan(2);
    assertThat(lab.on("h1", "curl -s http://localhost:15020/metrics").ok().out())
        .containsPattern("hostmesh_hedges_total\\{[^}]*won=\"true\"");
  }

  @Test
  void faultsMeetTheirShareOfThoseThatAskForThem() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "fault").replace("greeter", "shop")).ok();
    assertThat(statuses(curl("'http://shop.mesh/calm/[1-20]'"))).containsOnly("200");
    List<String> met = curl("-H 'x-chaos: yes' 'http://shop.mesh/chaos/[1-100]'");
    assertThat(statuses(met).stream().filter("503"::equals).count()).isBetween(5L, 40L);
    assertThat(slowest(met)).isGreaterThan(0.09);
  }

  @Test
  void aMirrorGetsItsCopyAndCostsTheCallerNothingThoughItHangs() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "mirror").replace("service = greeter", "service = shop"))
        .ok();
    List<String> answers = curl("-d copied 'http://shop.mesh/mirrored/[1-10]'");
    assertThat(statuses(answers)).hasSize(10).containsOnly("200");
    assertThat(slowest(answers)).isLessThan(2);
    assertThat(answers).filteredOn(line -> line.contains("copied")).hasSize(10);
    lab.hostmesh("delete", "route", "shop").ok();
    assertThat(curl("http://parting.mesh/count/mirrored/7").getFirst()).isEqualTo("1");
  }
}
