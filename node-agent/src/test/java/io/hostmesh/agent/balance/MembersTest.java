package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
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
    return Objects.requireNonNull(members.choose(List.of(one, two, ill), null, tried, random, now))
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
  void theUnreachableIsLeftOutWhileThereAreOthers() {
    Objects.requireNonNull(members.choose(List.of(one), null, Set.of(), random, 0))
        .member()
        .unreachable(0);
    for (int i = 0; i < 4; i++) {
      assertThat(choose(Set.of(), 1)).isEqualTo(two);
    }
    assertThat(choose(Set.of(two), 1)).isEqualTo(one);
    assertThat(members.choose(List.of(one, two), null, Set.of(one, two), random, 1)).isNull();
    assertThat(members.choose(List.of(ill), null, Set.of(), random, 1)).isNull();
  }
}
