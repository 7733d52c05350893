package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MembersTest {
  private final Members members = new Members(BalancePolicy.ROUND_ROBIN);
  private final Random random = new Random(1);
  private final Endpoint one = endpoint("one", true);
  private final Endpoint two = endpoint("two", true);
  private final Endpoint ill = endpoint("ill", false);

  private static Endpoint endpoint(String instance, boolean healthy) {
    return new Endpoint(
        ServiceName.of("api"),
        instance,
        "h1",
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 80),
        Optional.empty(),
        healthy,
        Map.of());
  }

  private Endpoint choose(Set<Endpoint> tried, long now) {
    return Objects.requireNonNull(
            members.choose(List.of(one, two, ill), Upstream.NONE, null, tried, random, now))
        .endpoint();
  }

  @Test
  void theHealthyOnesTakeTurns() {
    Set<Endpoint> seen = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      seen.add(choose(Set.of(), 0));
    }
    assertThat(seen).containsExactlyInAnyOrder(one, two);
  }

  @Test
  void aRuleSaysHowTheyShare() {
    Upstream byLot = Upstream.of(new Balance(BalancePolicy.RANDOM));
    StringBuilder order = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      order.append(
          Objects.requireNonNull(
                  members.choose(List.of(one, two), byLot, null, Set.of(), random, 0))
              .endpoint()
              .instance()
              .charAt(0));
    }
    assertThat(order.toString()).as("not in turns").contains("oo").contains("tt");
  }

  @Test
  void theUnreachableIsLeftOutWhileThereAreOthers() {
    Objects.requireNonNull(members.choose(List.of(one), Upstream.NONE, null, Set.of(), random, 0))
        .member()
        .unreachable(0);
    for (int i = 0; i < 4; i++) {
      assertThat(choose(Set.of(), 1)).isEqualTo(two);
    }
    assertThat(choose(Set.of(two), 1)).isEqualTo(one);
    assertThat(members.choose(List.of(one, two), Upstream.NONE, null, Set.of(one, two), random, 1))
        .isNull();
    assertThat(members.choose(List.of(ill), Upstream.NONE, null, Set.of(), random, 1)).isNull();
  }

  private static Endpoint versioned(String instance, String version) {
    Endpoint of = endpoint(instance, true);
    return new Endpoint(
        of.service(),
        instance,
        of.node(),
        of.application(),
        of.mesh(),
        true,
        Map.of("version", version));
  }

  private Set<String> chosen(
      List<Endpoint> endpoints, RouteRule.@Nullable Subset subset, long now) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      Members.Candidate candidate =
          members.choose(endpoints, Upstream.NONE, subset, Set.of(), random, now);
      if (candidate != null) {
        seen.add(candidate.endpoint().instance());
      }
    }
    return seen;
  }

  @Test
  void aNewListAndANewRuleHoldAtOnceAndWhatIsKnownOfAnInstanceStays() {
    Origin origin = new Origin("test", 0, "");
    RouteRule.Subset old = new RouteRule.Subset("v", Map.of("version", "1"), origin);
    RouteRule.Subset changed = new RouteRule.Subset("v", Map.of("version", "2"), origin);
    List<Endpoint> first = List.of(versioned("a", "1"), versioned("b", "2"));
    assertThat(chosen(first, old, 0)).containsExactly("a");
    assertThat(chosen(first, changed, 0)).containsExactly("b");
    assertThat(chosen(first, null, 0)).containsExactlyInAnyOrder("a", "b");

    Objects.requireNonNull(members.choose(first, Upstream.NONE, old, Set.of(), random, 0))
        .member()
        .unreachable(0);
    List<Endpoint> second =
        List.of(versioned("a", "2"), versioned("c", "2"), endpoint("ill", false));
    assertThat(chosen(second, changed, 1)).as("a is still ejected").containsExactly("c");
    assertThat(chosen(second, old, 1)).isEmpty();
    long later = 60_000_000_000L;
    assertThat(chosen(second, changed, later)).containsExactlyInAnyOrder("a", "c");
  }

  @Test
  void oneThatIsEjectedWhileItIsInUseGetsNothingUntilItIsBack() {
    Members least = new Members(BalancePolicy.LEAST_REQUEST);
    List<Endpoint> all = List.of(one, two, endpoint("three", true));
    Member member =
        Objects.requireNonNull(least.choose(List.of(one), Upstream.NONE, null, Set.of(), random, 0))
            .member();
    assertThat(seen(least, all, 0)).hasSize(3);
    member.unreachable(0);
    assertThat(seen(least, all, 1)).containsExactlyInAnyOrder("two", "three");
    member.reached();
    assertThat(seen(least, all, 20_000_000)).as("within 10 ms").hasSize(3);
  }

  private Set<String> seen(Members of, List<Endpoint> endpoints, long now) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      seen.add(
          Objects.requireNonNull(of.choose(endpoints, Upstream.NONE, null, Set.of(), random, now))
              .endpoint()
              .instance());
    }
    return seen;
  }

  @Test
  void theOneWithFewerUnderWayIsPreferred() {
    Members least = new Members(BalancePolicy.LEAST_REQUEST);
    List<Endpoint> both = List.of(one, two);
    for (int i = 0; i < 10; i++) {
      Objects.requireNonNull(least.choose(both, Upstream.NONE, null, Set.of(), random, 0))
          .member()
          .began();
    }
    for (Endpoint endpoint : both) {
      assertThat(
              Objects.requireNonNull(
                      least.choose(both, Upstream.NONE, null, Set.of(endpoint), random, 0))
                  .member()
                  .load())
          .isEqualTo(5);
    }
  }

  @Test
  void whetherOneIsWellIsAskedOfInstancesAndNotOfPanic() {
    List<Endpoint> mostlyIll = List.of(one, ill, endpoint("ill2", false), endpoint("ill3", false));
    assertThat(members.hasWell(mostlyIll, Upstream.NONE, null, Set.of(), 0)).isTrue();
    assertThat(members.hasWell(mostlyIll, Upstream.NONE, null, Set.of(one), 0)).isFalse();
    assertThat(members.hasWell(List.of(ill), Upstream.NONE, null, Set.of(), 0)).isFalse();
  }
}
