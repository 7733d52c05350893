package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of docs/traffic.md about balancing, tried with curl. */
class TrafficBalanceStory {
  private static final Duration SOON = Duration.ofSeconds(15);

  private static Lab lab = Lab.named("balance");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("balance", "--hosts", "3");
    one();
    Programs.echo(lab, "h2", "greeter", 8081, "two", "--meta", "version=v1");
    three();
    lab.hostmesh("node", "allow", "h1", "web").ok();
    lab.hostmesh("node", "allow", "h3", "web").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  @BeforeEach
  void withoutRules() throws Exception {
    for (String kind : List.of("upstream", "route")) {
      if (lab.hostmesh("get", kind, "greeter").status() == 0) {
        lab.hostmesh("delete", kind, "greeter").ok();
      }
    }
    soon("all are there", "one", "two", "three");
  }

  private static void one() throws IOException {
    Programs.echo(lab, "h2", "greeter", 8080, "one", "--meta", "version=v1");
  }

  private static void three() throws IOException {
    Programs.echo(
        lab, "h3", "greeter", 8080, "three", "--meta", "version=v2", "--meta", "weight=2");
  }

  private static void upstream(String sections) throws IOException {
    lab.apply("kind = upstream, service = greeter\n" + sections).ok();
  }

  /** How many answers each instance gave, of those that a script writes. */
  private static Map<String, Integer> answers(String script) throws IOException {
    Map<String, Integer> by = new TreeMap<>();
    for (String line : lab.as("web", "h1", script).ok().lines()) {
      if (line.contains(" GET ")) {
        by.merge(line.substring(0, line.indexOf(' ')), 1, Integer::sum);
      }
    }
    return by;
  }

  private static String curl(int requests) {
    return "curl -sS --max-time 10 'http://greeter.mesh/[1-" + requests + "]'";
  }

  private static void soon(String what, String... only) throws Exception {
    Lab.within(SOON, what, () -> answers(curl(30)).keySet().equals(Set.of(only)));
  }

  @Test
  void inTurnsAndByWeight() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "balance-policy")).ok();
    assertThat(answers(curl(40)))
        .allSatisfy(
            (name, count) ->
                assertThat(count)
                    .isBetween(name.equals("three") ? 19 : 9, name.equals("three") ? 21 : 11));
  }

  @ParameterizedTest
  @ValueSource(strings = {"least-request", "peak-ewma"})
  void aSlowInstanceGetsFewRequestsAndNobodyWaitsBehindIt(String policy) throws IOException {
    upstream("balance { policy = " + policy + " }");
    Map<String, Integer> by =
        answers(
            """
            for i in 1 2 3 4 5 6 7 8; do
              curl -sS --max-time 10 'http://greeter.mesh/slow-at-one/[1-40]' > /tmp/balance-$i &
            done
            wait
            cat /tmp/balance-?
            """);
    assertThat(by.values().stream().mapToInt(i -> i).sum()).isEqualTo(320);
    assertThat(by.get("one")).as("a third by lot").isLessThan(60);
  }

  /** Which instance answers each user. */
  private static Map<String, String> users(String host) throws IOException {
    Map<String, String> by = new TreeMap<>();
    String script =
        """
        for i in $(seq 24); do
          echo "u$i $(curl -sS --max-time 10 -H "x-user: u$i" http://greeter.mesh/ | head -n 1)"
        done
        """;
    for (String line : lab.as("web", host, script).ok().lines()) {
      String[] words = line.split(" ", 3);
      by.put(words[0], words[1]);
    }
    return by;
  }

  @Test
  void aUserStaysWithAnInstanceFromAllHostsAndOnlyThoseOfOneThatIsGoneMove() throws Exception {
    lab.apply(Rules.ofPage("traffic.md", "balance-hash")).ok();
    Map<String, String> before = users("h1");
    assertThat(before.values()).as("all have users").contains("one", "two", "three");
    assertThat(users("h3")).isEqualTo(before);

    lab.hostmesh("lab", "rm", "h2", "greeter", "--port", "8080").ok();
    soon("one is gone", "two", "three");
    Map<String, String> without = users("h1");
    assertThat(without.values()).doesNotContain("one");
    assertThat(before.keySet().stream().filter(user -> moved(before, without, user)))
        .as("a table for those that are left hardly differs")
        .hasSizeLessThan(6);
    one();
    soon("it is back", "one", "two", "three");
    assertThat(users("h1")).isEqualTo(before);
  }

  /** Whether a user of an instance that is still there went to another one. */
  private static boolean moved(Map<String, String> before, Map<String, String> after, String user) {
    String at = before.getOrDefault(user, "");
    return !at.equals("one") && !at.equals(after.get(user));
  }

  @Test
  void aCallerStaysByTheCookieThatTheMeshSets() throws Exception {
    lab.apply(Rules.ofPage("traffic.md", "affinity")).ok();
    String stay = "curl -sS --max-time 10 -b /tmp/balance-jar -c /tmp/balance-jar ";
    String url = "'http://greeter.mesh/[1-10]'";
    Map<String, Integer> first = answers("rm -f /tmp/balance-jar; " + stay + url);
    assertThat(first).hasSize(1);
    assertThat(answers(stay + url)).as("the next program, with the same jar").isEqualTo(first);
    assertThat(answers(curl(30))).as("without a jar").hasSize(3);
    // Nobody is there for a while: its callers go elsewhere, and stay there.
    String at = first.keySet().iterator().next();
    upstream(
        "affinity { cookie = greeter-session }\n"
            + "health-checks = [ { http = /fail-at-"
            + at
            + "/, interval = 200ms, unhealthy = 1 } ]");
    Lab.within(SOON, "it is left", () -> !answers(stay + url).containsKey(at));
    Map<String, Integer> moved = answers(stay + url);
    assertThat(moved).hasSize(1).doesNotContainKey(at);
  }

  @Test
  void aSubsetWithoutAHealthyInstanceHasItsFallback() throws Exception {
    lab.apply(Rules.ofPage("traffic.md", "subset-fallback")).ok();
    assertThat(answers(curl(20))).isEqualTo(Map.of("three", 20));
    lab.hostmesh("lab", "rm", "h3", "greeter").ok();
    soon("the fallback answers", "one", "two");
    three();
    soon("the subset is back", "three");
  }

  @Test
  void aNewInstanceBeginsWithASmallShare() throws Exception {
    upstream("balance { policy = random, slow-start { window = 5m, from = 2% } }");
    assertThat(answers(curl(60))).as("who was there is not new").hasSize(3);
    lab.hostmesh("lab", "rm", "h3", "greeter").ok();
    soon("three is gone", "one", "two");
    three();
    Lab.within(SOON, "three is back", () -> answers(curl(60)).containsKey("three"));
    assertThat(answers(curl(200)).getOrDefault("three", 0))
        .as("its share is a half")
        .isLessThan(40);
  }

  @Test
  void whereMostAreIllAllAreUsedAgainIfARuleSaysSo() throws Exception {
    String ill =
        "health-checks = [ { http = /fail-at-one-two/, interval = 200ms, unhealthy = 1 } ]";
    upstream("balance { policy = random }\n" + ill);
    soon("those that are well do it alone", "three");
    upstream("balance { policy = random, panic-threshold = 50% }\n" + ill);
    soon("one of three is below a half", "one", "two", "three");
  }
}
