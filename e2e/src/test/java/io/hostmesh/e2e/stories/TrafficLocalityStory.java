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
import org.junit.jupiter.api.Test;

/**
 * The examples of docs/traffic.md about near instances: two zones of a region, another region, and
 * a host of which nobody says where it stands.
 */
class TrafficLocalityStory {
  private static final Duration SOON = Duration.ofSeconds(15);

  private static Lab lab = Lab.named("locality");

  @BeforeAll
  static void up() throws IOException {
    lab =
        Lab.up(
            "locality",
            "--hosts",
            "4",
            "--",
            "h1.node { region = eu, zone = eu-1 }",
            "h2.node { region = eu, zone = eu-2 }",
            "h3.node { region = us, zone = us-1 }");
    greeter("h1", "near");
    greeter("h2", "next");
    greeter("h3", "far");
    greeter("h4", "nowhere");
    for (String host : List.of("h1", "h3", "h4")) {
      lab.hostmesh("node", "allow", host, "web").ok();
    }
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static void greeter(String host, String name) throws IOException {
    Programs.echo(lab, host, "greeter", 8080, name);
  }

  /** How many requests of a host each instance answered. */
  private static Map<String, Integer> answered(String host, int requests) throws IOException {
    Map<String, Integer> by = new TreeMap<>();
    lab
        .as("web", host, "curl -sS --max-time 10 'http://greeter.mesh/[1-" + requests + "]'")
        .ok()
        .lines()
        .stream()
        .filter(line -> line.contains(" GET "))
        .forEach(line -> by.merge(line.substring(0, line.indexOf(' ')), 1, Integer::sum));
    return by;
  }

  private static void soon(String what, String... only) throws Exception {
    Lab.within(SOON, what, () -> answered("h1", 10).keySet().equals(Set.of(only)));
  }

  @Test
  void theZoneComesFirstThenTheRegionThenTheOthersInTheirOrder() throws Exception {
    lab.apply(Rules.ofPage("traffic.md", "locality")).ok();
    assertThat(answered("h1", 40)).isEqualTo(Map.of("near", 40));
    assertThat(answered("h3", 40)).as("everybody has a near one").isEqualTo(Map.of("far", 40));

    remove("h1");
    soon("the other zone takes it", "next");
    remove("h2");
    soon("the other region takes it", "far");
    remove("h3");
    soon("the last one is better than none", "nowhere");
    greeter("h3", "far");
    greeter("h1", "near");
    soon("the zone is back", "near");
    greeter("h2", "next");

    assertThat(lab.hostmesh("status").out())
        .as("who asks for places is told who has none")
        .contains("nobody says where")
        .contains("h4")
        .contains("node.region");
    lab.hostmesh("delete", "upstream", "greeter").ok();
    assertThat(answered("h1", 60)).as("all are alike again").hasSize(4);
  }

  private static void remove(String host) throws IOException {
    lab.hostmesh("lab", "rm", host, "greeter").ok();
  }

  @Test
  void aShareSpillsOverAndWhoStandsNowhereCallsEverybody() throws Exception {
    lab.apply(
            """
            kind = upstream, service = greeter
            locality { spill-over = 20% }
            """)
        .ok();
    Map<String, Integer> from = answered("h1", 400);
    assertThat(from.get("near")).isBetween(280, 360);
    assertThat(from.get("next")).isBetween(30, 110);
    assertThat(answered("h4", 80)).hasSize(4);
    lab.hostmesh("delete", "upstream", "greeter").ok();
  }

  @Test
  void aRegionThatNobodyIsInIsSaidWhenTheRuleIsApplied() throws Exception {
    List<String> said =
        lab.apply(
                """
                kind = upstream, service = greeter
                locality { failover = [ { to = [ usa ] } ] }
                """)
            .ok()
            .lines();
    assertThat(said)
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("locality.failover")
                    .contains("\"usa\"")
                    .contains("did you mean \"us\"?"));
    lab.hostmesh("delete", "upstream", "greeter").ok();
  }
}
