package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.Balance;
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
  private final Upstream roundRobin = by(new Balance(BalancePolicy.ROUND_ROBIN));
  private final Upstream peakEwma = by(new Balance(BalancePolicy.PEAK_EWMA));
  private final Upstream ringHash = by(hashing(BalancePolicy.RING_HASH));
  private final Upstream maglev = by(hashing(BalancePolicy.MAGLEV));
  private final Members turns = new Members(BalancePolicy.LEAST_REQUEST);
  private final Members timed = new Members(BalancePolicy.LEAST_REQUEST);
  private final Members ring = new Members(BalancePolicy.LEAST_REQUEST);
  private final Members table = new Members(BalancePolicy.LEAST_REQUEST);
  private final RequestKeys user = new User();

  private static Upstream by(Balance balance) {
    return Upstream.of(balance);
  }

  private static Balance hashing(BalancePolicy policy) {
    return new Balance(
        Optional.of(policy),
        List.of(new Balance.HashOn(Balance.HashOn.Part.HEADER, "x-user")),
        Balance.RingSize.DEFAULT,
        Optional.empty(),
        Optional.empty());
  }

  /** A request with a header that is hashed. */
  private static final class User implements RequestKeys {
    @Override
    public String header(String lowerCaseName) {
      return "user-4711@example.org";
    }

    @Override
    public @Nullable String cookie(String name) {
      return null;
    }

    @Override
    public @Nullable String query(String name) {
      return null;
    }

    @Override
    public @Nullable String sourceAddress() {
      return null;
    }
  }

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

  private Members.Candidate chooseBy(Members of, Upstream by) {
    Members.Candidate chosen = of.choose(endpoints, by, null, Set.of(), user, random, 1);
    if (chosen == null) {
      throw new IllegalStateException("none is healthy");
    }
    return chosen;
  }

  @Benchmark
  public Members.Candidate roundRobin() {
    return chooseBy(turns, roundRobin);
  }

  @Benchmark
  public Members.Candidate peakEwma() {
    Members.Candidate chosen = chooseBy(timed, peakEwma);
    chosen.member().answered(1_000_000, 1);
    return chosen;
  }

  @Benchmark
  public Members.Candidate ringHash() {
    return chooseBy(ring, ringHash);
  }

  @Benchmark
  public Members.Candidate maglev() {
    return chooseBy(table, maglev);
  }
}
