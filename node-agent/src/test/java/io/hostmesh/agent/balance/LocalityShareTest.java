package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.Locality;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.Upstream;
import io.hostmesh.model.rules.UpstreamRule;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Who gets a service's requests by where a caller and the instances stand. */
class LocalityShareTest {
  private static final int CALLS = 20_000;
  private final Random random = new Random(11);

  private static Endpoint at(String node, String region, String zone, boolean healthy) {
    return new Endpoint(
        ServiceName.of("api"),
        "api-" + node,
        node,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 80),
        Optional.empty(),
        healthy,
        Map.of("version", node.startsWith("n") ? "new" : "old"),
        false,
        Locality.of(region, zone),
        1);
  }

  /** Two in the caller's zone, two in its region, and two in each of two other regions. */
  private static List<Endpoint> everywhere(String... ill) {
    Set<String> down = Set.of(ill);
    List<Endpoint> all = new ArrayList<>();
    for (String[] each :
        new String[][] {
          {"a1", "eu", "eu-1"}, {"a2", "eu", "eu-1"}, {"b1", "eu", "eu-2"}, {"b2", "eu", "eu-2"},
          {"c1", "us", "us-1"}, {"c2", "us", "us-1"}, {"d1", "ap", "ap-1"}, {"d2", "ap", "ap-1"}
        }) {
      all.add(at(each[0], each[1], each[2], !down.contains(each[0])));
    }
    return all;
  }

  private static Upstream rule(String locality) {
    return ((UpstreamRule)
            RuleParser.parse(
                "test",
                "kind = upstream, service = api, balance { policy = random }, locality { "
                    + locality
                    + " }"))
        .upstream();
  }

  private Map<String, Double> shares(Vantage from, Upstream rule, List<Endpoint> endpoints) {
    Members members = new Members(BalancePolicy.RANDOM, from);
    Map<String, Double> shares = new TreeMap<>();
    for (int i = 0; i < CALLS; i++) {
      Members.Candidate drawn = members.choose(endpoints, rule, null, Set.of(), random, 1);
      String group = Objects.requireNonNull(drawn).endpoint().node().substring(0, 1);
      shares.merge(group, 1.0 / CALLS, Double::sum);
    }
    shares.replaceAll((_, share) -> Math.round(share * 100) / 100.0);
    return shares;
  }

  private static final Vantage EU_1 = new Vantage("a1", new Locality("eu", "eu-1"));

  @Test
  void withoutARuleAllAreAlike() {
    assertThat(shares(EU_1, Upstream.NONE, everywhere()).keySet())
        .containsExactly("a", "b", "c", "d");
  }

  @Test
  void theOwnZoneGetsItAllWhileItCan() {
    assertThat(shares(EU_1, rule(""), everywhere())).isEqualTo(Map.of("a", 1.0));
    assertThat(shares(EU_1, rule("prefer = region"), everywhere()))
        .containsOnlyKeys("a", "b")
        .hasEntrySatisfying("a", share -> assertThat(share).isBetween(0.48, 0.52));
  }

  @Test
  void theOwnHostComesFirstWhereARuleSaysSo() {
    List<Endpoint> here = everywhere();
    Members members = new Members(BalancePolicy.RANDOM, EU_1);
    for (int i = 0; i < 100; i++) {
      assertThat(
              Objects.requireNonNull(
                      members.choose(here, rule("prefer = host"), null, Set.of(), random, 1))
                  .endpoint()
                  .node())
          .isEqualTo("a1");
    }
    Vantage nobodySaid = new Vantage("d2", Locality.NONE);
    assertThat(shares(nobodySaid, rule("prefer = host"), everywhere()))
        .as("a host knows itself without a region")
        .isEqualTo(Map.of("d", 1.0));
  }

  @Test
  void halfAZoneCarriesItsSeventyPercent() {
    assertThat(shares(EU_1, rule(""), everywhere("a1")))
        .hasEntrySatisfying("a", share -> assertThat(share).isBetween(0.68, 0.72))
        .hasEntrySatisfying("b", share -> assertThat(share).isBetween(0.28, 0.32))
        .hasSize(2);
  }

  @Test
  void whatSpillsOverGoesToTheNextOneThatIsThere() {
    assertThat(shares(EU_1, rule("spill-over = 10%"), everywhere()))
        .hasEntrySatisfying("a", share -> assertThat(share).isBetween(0.89, 0.91))
        .hasEntrySatisfying("b", share -> assertThat(share).isBetween(0.08, 0.10))
        .containsKeys("c", "d");
    assertThat(shares(EU_1, rule("spill-over = 10%"), everywhere("b1", "b2")))
        .hasEntrySatisfying("a", share -> assertThat(share).isBetween(0.89, 0.91))
        .doesNotContainKey("b");
    assertThat(shares(EU_1, rule("spill-over = 10%"), everywhere().subList(0, 2)))
        .as("nobody else is there")
        .isEqualTo(Map.of("a", 1.0));
  }

  @Test
  void otherRegionsFollowInTheirOrder() {
    List<Endpoint> euIsDown = everywhere("a1", "a2", "b1", "b2");
    Upstream first = rule("failover = [ { from = us, to = ap }, { from = eu, to = [ ap, us ] } ]");
    assertThat(shares(EU_1, first, euIsDown)).isEqualTo(Map.of("d", 1.0));
    assertThat(shares(EU_1, rule("failover = [ { to = us } ]"), euIsDown))
        .isEqualTo(Map.of("c", 1.0));
    assertThat(shares(EU_1, rule(""), euIsDown)).as("no order").containsOnlyKeys("c", "d");
    assertThat(
            shares(
                EU_1,
                rule("failover = [ { to = us } ]"),
                everywhere("a1", "a2", "b1", "b2", "c1", "c2")))
        .as("who is not named is the last")
        .isEqualTo(Map.of("d", 1.0));
  }

  @Test
  void whoStandsNowhereIsTheLast() {
    List<Endpoint> two = List.of(at("n1", "", "", true), at("a1", "eu", "eu-1", true));
    assertThat(shares(EU_1, rule("failover = [ { to = us } ]"), two)).isEqualTo(Map.of("a", 1.0));
    assertThat(shares(new Vantage("x", Locality.NONE), rule(""), two))
        .as("a caller that stands nowhere calls all alike")
        .containsOnlyKeys("a", "n");
  }

  @Test
  void aZoneOfAnotherRegionIsNotTheSame() {
    Vantage caller = new Vantage("x", new Locality("eu", "1"));
    List<Endpoint> two = List.of(at("a1", "eu", "2", true), at("b1", "us", "1", true));
    assertThat(shares(caller, rule(""), two)).isEqualTo(Map.of("a", 1.0));
  }

  @Test
  void aRetryGoesOutwardsLevelByLevel() {
    Members members = new Members(BalancePolicy.RANDOM, EU_1);
    List<Endpoint> all = everywhere("b1", "b2");
    Upstream rule = rule("failover = [ { to = us } ]");
    List<Endpoint> tried = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      tried.add(
          Objects.requireNonNull(members.choose(all, rule, null, Set.copyOf(tried), random, 1))
              .endpoint());
    }
    assertThat(tried.stream().map(each -> each.node().substring(0, 1)))
        .containsExactly("a", "a", "c", "c", "d", "d");
    assertThat(members.choose(all, rule, null, Set.copyOf(tried), random, 1)).isNull();
  }

  @Test
  void whenAllOfAllLevelsAreEjectedTheNearestOnesAreUsed() {
    Members members = new Members(BalancePolicy.RANDOM, EU_1);
    List<Endpoint> all = everywhere();
    Upstream rule = rule("");
    Set<Endpoint> seen = new java.util.HashSet<>();
    while (seen.size() < all.size()) {
      Members.Candidate next =
          Objects.requireNonNull(members.choose(all, rule, null, Set.copyOf(seen), random, 1));
      next.member().unreachable(1);
      seen.add(next.endpoint());
    }
    for (int i = 0; i < 50; i++) {
      assertThat(
              Objects.requireNonNull(members.choose(all, rule, null, Set.of(), random, 20_000_000))
                  .endpoint()
                  .node())
          .startsWith("a");
    }
  }

  @Property
  void sharesAreWholeAndNoLevelGetsMoreThanItCarries(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 10) Integer> well,
      @ForAll @DoubleRange(max = 0.5) double spillOver) {
    int[] listed = well.stream().mapToInt(_ -> 10).toArray();
    double[] carried = Health.carried(listed, well.stream().mapToInt(i -> i).toArray());
    double total = 0;
    for (double each : carried) {
      total += each;
    }
    List<Double> sums = Health.inOrder(carried, spillOver);
    assertThat(sums.getLast()).isCloseTo(total == 0 ? 0 : 1, within());
    double before = 0;
    boolean anyBefore = false;
    for (int i = 0; i < sums.size(); i++) {
      double share = sums.get(i) - before;
      assertThat(share).isGreaterThanOrEqualTo(-1e-9);
      if (total >= 1) {
        assertThat(share).isLessThanOrEqualTo(carried[i] + 1e-9);
      }
      if (carried[i] > 0 && !anyBefore) {
        assertThat(share)
            .as("the first one that can gets at least what does not spill over")
            .isGreaterThanOrEqualTo(Math.min(carried[i], 1 - spillOver) - 1e-9);
        anyBefore = true;
      }
      before = sums.get(i);
    }
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }
}
