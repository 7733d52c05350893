package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.Upstream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What callers feel when one instance of ten becomes a hundred times slower: on virtual time. */
class SlowInstanceTest {
  private static final int INSTANCES = 10;
  private static final int CALLS = 40_000;
  private static final double HEALTHY_NANOS = 5_000_000;

  /** 2,000 requests a second to 10 instances that answer in 5 ms: one under way at each. */
  private static final double BETWEEN_NANOS = 500_000;

  private record End(double atNanos, Members.Candidate candidate, double latency) {}

  private static List<Endpoint> endpoints() {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < INSTANCES; i++) {
      endpoints.add(
          new Endpoint(
              ServiceName.of("api"),
              "i" + i,
              "h" + i,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 80),
              Optional.empty(),
              true,
              Map.of()));
    }
    return List.copyOf(endpoints);
  }

  /** The 99th percentile in nanoseconds; latencies of an instance are exponentially distributed. */
  private static double p99(BalancePolicy policy, double slowdown) {
    Random random = new Random(42);
    Members members = new Members(policy);
    Upstream upstream = Upstream.of(new Balance(policy));
    List<Endpoint> endpoints = endpoints();
    PriorityQueue<End> underWay = new PriorityQueue<>(Comparator.comparingDouble(End::atNanos));
    double[] latencies = new double[CALLS];
    double now = 0;
    for (int i = 0; i < CALLS; i++) {
      now += -Math.log(1 - random.nextDouble()) * BETWEEN_NANOS;
      while (!underWay.isEmpty() && underWay.element().atNanos <= now) {
        End end = underWay.remove();
        end.candidate.member().answered((long) end.latency, (long) end.atNanos);
        end.candidate.member().ended();
      }
      Members.Candidate chosen =
          Objects.requireNonNull(
              members.choose(endpoints, upstream, null, Set.of(), random, (long) now));
      boolean slow = chosen.endpoint().instance().equals("i0");
      double latency = -Math.log(1 - random.nextDouble()) * HEALTHY_NANOS * (slow ? slowdown : 1);
      chosen.member().began();
      underWay.add(new End(now + latency, chosen, latency));
      latencies[i] = latency;
    }
    Arrays.sort(latencies);
    return latencies[CALLS * 99 / 100];
  }

  @ParameterizedTest
  @EnumSource(names = {"LEAST_REQUEST", "PEAK_EWMA"})
  void theNinetyNinthPercentileStaysWithinTwiceThatOfHealthyOnes(BalancePolicy policy) {
    double healthy = p99(policy, 1);
    double ill = p99(policy, 100);
    System.out.printf(
        "%s: p99 %.1f ms healthy, %.1f ms with one of ten 100x slower: %.2fx%n",
        policy.text(), healthy / 1e6, ill / 1e6, ill / healthy);
    assertThat(ill).isLessThanOrEqualTo(2 * healthy);
  }

  @ParameterizedTest
  @EnumSource(names = {"ROUND_ROBIN", "RANDOM"})
  void othersDoNotKnow(BalancePolicy policy) {
    assertThat(p99(policy, 100)).isGreaterThan(10 * p99(policy, 1));
  }
}
