package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Which instance a request goes to: of all that there are, of a subset, and with one ejected. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BalanceBench {
  @Param({"3", "100"})
  public int instances;

  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
  private final RouteRule.Subset subset =
      new RouteRule.Subset("v1", Map.of("version", "v1"), new Origin("bench", 0, ""));
  private final Members members = new Members(BalancePolicy.LEAST_REQUEST);
  private final Members withEjected = new Members(BalancePolicy.LEAST_REQUEST);
  private List<Endpoint> endpoints = List.of();

  @Setup
  public void prepare() {
    List<Endpoint> all = new ArrayList<>();
    for (int i = 0; i < instances; i++) {
      InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8000 + i);
      all.add(
          new Endpoint(
              ServiceName.of("shop"),
              "i" + i,
              "h" + i,
              address,
              Optional.of(address),
              true,
              Map.of("version", i % 3 == 0 ? "v2" : "v1")));
    }
    endpoints = List.copyOf(all);
    choose(withEjected, null).member().unreachable(0);
  }

  private Members.Candidate choose(Members of, RouteRule.@Nullable Subset part) {
    Members.Candidate chosen = of.choose(endpoints, Upstream.NONE, part, Set.of(), random, 1);
    if (chosen == null) {
      throw new IllegalStateException("none is healthy");
    }
    return chosen;
  }

  @Benchmark
  public Members.Candidate ofAll() {
    return choose(members, null);
  }

  @Benchmark
  public Members.Candidate ofSubset() {
    return choose(members, subset);
  }

  @Benchmark
  public Members.Candidate withOneEjected() {
    return choose(withEjected, null);
  }
}
