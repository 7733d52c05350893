package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.Locality;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.Balance.HashOn;
import io.hostmesh.model.rules.Balance.RingSize;
import io.hostmesh.model.rules.Balance.SlowStart;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.Upstream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Who gets how much. */
class ShareTest {
  private static final int CALLS = 20_000;
  private static final long SECOND = 1_000_000_000;

  private final Members members = new Members(BalancePolicy.LEAST_REQUEST);
  private final Random random = new Random(7);

  private static Endpoint endpoint(String name, boolean healthy, int weight) {
    return new Endpoint(
        ServiceName.of("api"),
        name,
        "h1",
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 80),
        Optional.empty(),
        healthy,
        Map.of(),
        false,
        Locality.NONE,
        weight);
  }

  private static List<Endpoint> weighted(int... weights) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      endpoints.add(endpoint("i" + i, true, weights[i]));
    }
    return List.copyOf(endpoints);
  }

  private static Upstream by(Balance balance) {
    return Upstream.of(balance);
  }

  private Map<String, Integer> calls(List<Endpoint> endpoints, Upstream upstream, long now) {
    Map<String, Integer> calls = new HashMap<>();
    for (int i = 0; i < CALLS; i++) {
      Members.Candidate chosen = choose(endpoints, upstream, RequestKeys.NONE, now);
      calls.merge(chosen.endpoint().instance(), 1, Integer::sum);
    }
    return calls;
  }

  private Members.Candidate choose(
      List<Endpoint> endpoints, Upstream upstream, RequestKeys keys, long now) {
    return Objects.requireNonNull(
        members.choose(endpoints, upstream, null, Set.of(), keys, random, now));
  }

  private static double share(Map<String, Integer> calls, String instance) {
    return (double) calls.getOrDefault(instance, 0) / CALLS;
  }

  @ParameterizedTest
  @EnumSource(names = {"LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "PEAK_EWMA"})
  void sharesAreWithinAPercentOfTheWeights(BalancePolicy policy) {
    Upstream upstream = by(new Balance(policy));
    Map<String, Integer> calls = calls(weighted(1, 2, 7), upstream, 0);
    assertThat(share(calls, "i0")).isCloseTo(0.1, within(0.01));
    assertThat(share(calls, "i1")).isCloseTo(0.2, within(0.01));
    assertThat(share(calls, "i2")).isCloseTo(0.7, within(0.01));
    Map<String, Integer> equal = calls(weighted(1, 1, 1, 1, 1), upstream, 0);
    for (int i = 0; i < 5; i++) {
      assertThat(share(equal, "i" + i)).isCloseTo(0.2, within(0.01));
    }
  }

  /** Each answers as fast as the others: whoever ends next is anyone of those under way. */
  @ParameterizedTest
  @CsvSource({
    "LEAST_REQUEST, 2", "LEAST_REQUEST, 4", "LEAST_REQUEST, 8", "LEAST_REQUEST, 64",
    "PEAK_EWMA, 2", "PEAK_EWMA, 4", "PEAK_EWMA, 8", "PEAK_EWMA, 64"
  })
  void weightsHoldWhateverIsUnderWay(BalancePolicy policy, int underWay) {
    Upstream upstream = by(new Balance(policy));
    for (int[] weights : new int[][] {{1, 9}, {1, 2, 7}}) {
      List<Endpoint> endpoints = weighted(weights);
      Map<String, Integer> calls = new HashMap<>();
      List<Members.Candidate> open = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        long now = i * 1_000_000L;
        if (open.size() == underWay) {
          Members.Candidate ended = open.remove(random.nextInt(underWay));
          ended.member().answered(5_000_000, now);
          ended.member().ended();
        }
        Members.Candidate chosen = choose(endpoints, upstream, RequestKeys.NONE, now);
        chosen.member().began();
        open.add(chosen);
        calls.merge(chosen.endpoint().instance(), 1, Integer::sum);
      }
      open.forEach(each -> each.member().ended());
      assertThat(share(calls, "i0")).as("%s", calls).isCloseTo(0.1, within(0.03));
    }
  }

  @Property(tries = 2_000)
  void aWeightedRoundRobinIsExactAndSmooth(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 1, max = 40) Integer> weights) {
    int[] order = Schedule.of(weights.stream().mapToInt(Integer::intValue).toArray());
    int sum = weights.stream().mapToInt(Integer::intValue).sum();
    assertThat(sum % order.length).isZero();
    int[] turns = new int[weights.size()];
    for (int k = 0; k < order.length; k++) {
      turns[order[k]]++;
      for (int i = 0; i < turns.length; i++) {
        double due = (k + 1.0) * weights.get(i) / sum;
        assertThat(Math.abs(turns[i] - due)).as("never far from its due").isLessThan(1);
      }
    }
  }

  @Test
  void manyWeightsMakeNoEndlessSchedule() {
    assertThat(Schedule.of(new int[] {65_535, 65_534, 1}).length).isBetween(4_000, 4_200);
  }

  @Test
  void underLoadTheHeavierHasMoreUnderWay() {
    Upstream upstream = by(new Balance(BalancePolicy.LEAST_REQUEST));
    List<Endpoint> both = weighted(1, 3);
    for (int i = 0; i < 400; i++) {
      choose(both, upstream, RequestKeys.NONE, 0).member().began();
    }
    Map<String, Integer> loads = new HashMap<>();
    for (int i = 0; i < 50; i++) {
      Members.Candidate one = choose(both, upstream, RequestKeys.NONE, 0);
      loads.put(one.endpoint().instance(), one.member().load());
    }
    assertThat(loads.get("i1")).isBetween(295, 305);
  }

  private static RequestKeys user(String name) {
    return new RequestKeys() {
      @Override
      public String header(String lowerCaseName) {
        return lowerCaseName.equals("x-user") ? name : "";
      }

      @Override
      public String cookie(String cookie) {
        return "";
      }

      @Override
      public String query(String parameter) {
        return "";
      }

      @Override
      public String sourceAddress() {
        return "10.0.0.1";
      }
    };
  }

  @ParameterizedTest
  @EnumSource(names = {"RING_HASH", "MAGLEV"})
  void aKeyGoesToItsInstanceAndElsewhereOnlyWhileThatIsOut(BalancePolicy policy) {
    Upstream upstream =
        by(
            new Balance(
                Optional.of(policy),
                List.of(
                    new HashOn(HashOn.Part.HEADER, "x-tenant"),
                    new HashOn(HashOn.Part.HEADER, "x-user")),
                RingSize.DEFAULT,
                Optional.empty(),
                Optional.empty()));
    List<Endpoint> endpoints = weighted(1, 1, 1, 1, 1);
    Members.Candidate first = choose(endpoints, upstream, user("ann"), 0);
    for (int i = 0; i < 20; i++) {
      assertThat(choose(endpoints, upstream, user("ann"), 0).endpoint())
          .isEqualTo(first.endpoint());
    }
    first.member().unreachable(0);
    Endpoint other = choose(endpoints, upstream, user("ann"), 1).endpoint();
    assertThat(other).isNotEqualTo(first.endpoint());
    assertThat(
            Objects.requireNonNull(
                    members.choose(
                        endpoints, upstream, null, Set.of(other), user("ann"), random, 1))
                .endpoint())
        .as("another try")
        .isNotEqualTo(other);
    assertThat(choose(endpoints, upstream, user("ann"), 60 * SECOND).endpoint())
        .as("back")
        .isEqualTo(first.endpoint());
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      seen.add(choose(endpoints, upstream, RequestKeys.NONE, 60 * SECOND).endpoint().instance());
    }
    assertThat(seen).as("without a key: by least request").hasSize(5);
  }

  @Test
  void aNewInstanceGetsItsShareByAndBy() {
    Upstream upstream =
        by(
            new Balance(
                Optional.of(BalancePolicy.RANDOM),
                List.of(),
                RingSize.DEFAULT,
                Optional.of(new SlowStart(Duration.ofSeconds(10), 1, Share.percent(10))),
                Optional.empty()));
    assertThat(share(calls(weighted(1), upstream, 0), "i0")).as("all are old").isEqualTo(1);
    List<Endpoint> two = weighted(1, 1);
    assertThat(share(calls(two, upstream, SECOND), "i1")).isCloseTo(0.1 / 1.1, within(0.01));
    assertThat(share(calls(two, upstream, 6 * SECOND), "i1")).isCloseTo(0.5 / 1.5, within(0.01));
    assertThat(share(calls(two, upstream, 12 * SECOND), "i1")).isCloseTo(0.5, within(0.01));
  }

  @Property
  void slowStartGrowsFromItsBeginningToAll(
      @ForAll @IntRange(min = 1, max = 3600) int seconds,
      @ForAll @IntRange(min = 1, max = 100) int aggression,
      @ForAll @IntRange(min = 1, max = 100) int from) {
    SlowStart slow =
        new SlowStart(Duration.ofSeconds(seconds), aggression / 10.0, Share.percent(from));
    double before = 0;
    for (int i = 0; i <= 20; i++) {
      double part = slow.part(seconds * SECOND / 20 * i);
      assertThat(part).isBetween(Math.max(before, from / 100.0) - 1e-9, 1.0);
      before = part;
    }
    assertThat(slow.part(seconds * SECOND)).isEqualTo(1);
  }

  private static Upstream panicking(int percent) {
    return by(
        new Balance(
            Optional.of(BalancePolicy.RANDOM),
            List.of(),
            RingSize.DEFAULT,
            Optional.empty(),
            Optional.of(Share.percent(percent))));
  }

  @Test
  void withFewerHealthyThanThePanicThresholdAllAreUsed() {
    List<Endpoint> oneOfThree =
        List.of(endpoint("a", true, 1), endpoint("b", false, 1), endpoint("c", false, 1));
    assertThat(calls(oneOfThree, panicking(50), 0)).containsOnlyKeys("a", "b", "c");
    assertThat(calls(oneOfThree, panicking(33), 0)).containsOnlyKeys("a");
    assertThat(calls(oneOfThree, panicking(0), 0)).containsOnlyKeys("a");
    assertThat(calls(oneOfThree, Upstream.NONE, 0)).as("no rule").containsOnlyKeys("a");
    List<Endpoint> none = List.of(endpoint("a", false, 1), endpoint("b", false, 1));
    assertThat(calls(none, panicking(50), 0)).containsOnlyKeys("a", "b");
    assertThat(members.choose(none, panicking(0), null, Set.of(), random, 0)).isNull();
    assertThat(members.choose(none, Upstream.NONE, null, Set.of(), random, 0)).isNull();
  }

  @Test
  void ejectionsCountAsUnhealthyAndAreIgnoredWhereNothingElseIsLeft() {
    List<Endpoint> three = weighted(1, 1, 1);
    Set<String> out = new HashSet<>();
    while (out.size() < 2) {
      Members.Candidate one = choose(three, Upstream.NONE, RequestKeys.NONE, 0);
      one.member().unreachable(0);
      out.add(one.endpoint().instance());
    }
    assertThat(calls(three, Upstream.NONE, 1))
        .hasSize(1)
        .doesNotContainKeys(out.toArray(String[]::new));
    assertThat(calls(three, panicking(50), 1)).hasSize(3);
    choose(three, Upstream.NONE, RequestKeys.NONE, 1).member().unreachable(1);
    assertThat(calls(three, Upstream.NONE, 2)).as("all ejected").hasSize(3);
  }
}
