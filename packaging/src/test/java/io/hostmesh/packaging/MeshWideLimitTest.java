package io.hostmesh.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.limit.Asked;
import io.hostmesh.agent.limit.LeasedBucket;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.api.v1.LeaseAsk;
import io.hostmesh.api.v1.LeaseGrant;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.quota.Lessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Agents' parts of a mesh-wide limit and pilot's lessor together, on a clock of their own. */
class MeshWideLimitTest {
  private static final ServiceName SHOP = ServiceName.of("shop");
  private static final long MILLI = 1_000_000;

  /** A call of which nothing is asked. */
  private record Call() implements Asked {
    @Override
    public String instance() {
      return "s1";
    }

    @Override
    public String source() {
      return "";
    }

    @Override
    public String address() {
      return "";
    }

    @Override
    public String values(String lowerCaseName) {
      return "";
    }

    @Override
    public String path() {
      return "";
    }

    @Override
    public String method() {
      return "";
    }

    @Override
    public @Nullable String host() {
      return null;
    }

    @Override
    public List<String> headerValues(String lowerCaseName) {
      return List.of();
    }

    @Override
    public List<String> queryValues(String name) {
      return List.of();
    }

    @Override
    public boolean isFrom(CallerPattern pattern) {
      return false;
    }

    @Override
    public @Nullable String sourceMeta(String key) {
      return null;
    }
  }

  private static final Asked CALL = new Call();

  /** How many calls a second come to a host at a time. */
  private interface Load {
    double at(int host, long milli);
  }

  /** Hosts with one limit, and pilots of which at most one leads. */
  private static final class Mesh {
    final List<Host> hosts = new ArrayList<>();
    final Random random = new Random(7);
    @Nullable Lessor leader;
    private final LimitRule rule;
    private final SortedMap<String, SortedSet<ServiceName>> entitled = new TreeMap<>();
    long milli;

    Mesh(int size, String rate, int burst) {
      rule =
          (LimitRule)
              RuleParser.parse(
                  "test",
                  "kind = limit, service = shop, limits = [ { name = all, rate = \""
                      + rate
                      + "\", burst = "
                      + burst
                      + ", scope = mesh } ]");
      for (int i = 0; i < size; i++) {
        hosts.add(new Host("h" + i, LimitTable.compile(SHOP, List.of(rule), null), i));
        entitled.put("h" + i, new TreeSet<>(List.of(SHOP)));
      }
      leader = pilot();
    }

    Lessor pilot() {
      Lessor made = new Lessor(() -> 1);
      made.hear(List.of(rule), entitled);
      return made;
    }

    /** Goes on for so long; how many calls were let through. */
    long run(long millis, Load load) {
      long let = 0;
      for (long end = milli + millis; milli < end; milli++) {
        for (int i = 0; i < hosts.size(); i++) {
          let += hosts.get(i).step(load.at(i, milli));
        }
      }
      return let;
    }

    private final class Host {
      final String node;
      final LimitTable table;
      final LeasedBucket bucket;
      final long phase;
      double due;
      long answerAt = -1;
      @Nullable LeaseReply answer;

      Host(String node, LimitTable table, int number) {
        this.node = node;
        this.table = table;
        this.bucket = table.leased().getFirst();
        this.phase = number * 37L % 100;
      }

      long step(double perSecond) {
        long now = milli * MILLI;
        if (milli == answerAt) {
          LeaseReply reply = answer;
          if (reply != null) {
            LeaseGrant grant = reply.getGrants(0);
            bucket.granted(grant.getGranted(), grant.getShareMilli() / 1000.0, now);
          }
          answerAt = -1;
        }
        if (milli % 100 == phase) {
          bucket.tick(now, answerAt < 0).ifPresent(ask -> ask(ask, now));
        }
        long let = 0;
        due += perSecond / 1000 * 2 * random.nextDouble(); // Uneven in the small, even in the long.
        for (; due >= 1; due--) {
          let += table.request(CALL, now).denied() == null ? 1 : 0;
        }
        return let;
      }

      private void ask(LeasedBucket.Ask ask, long now) {
        Lessor pilot = leader;
        LeaseRequest request =
            LeaseRequest.newBuilder()
                .addAsks(
                    LeaseAsk.newBuilder()
                        .setService(bucket.service().full())
                        .setLimit(bucket.limit())
                        .setWant(ask.want())
                        .setReturned(ask.returned())
                        .setDemandMilli((long) (ask.demand() * 1000)))
                .build();
        Optional<LeaseReply> reply =
            pilot == null ? Optional.empty() : pilot.lease(node, request, now);
        answer = reply.orElse(null);
        answerAt = milli + (reply.isPresent() ? 1 + random.nextInt(30) : 1_000);
      }
    }
  }

  private static void assertWithin(double percent, long let, double expected) {
    assertThat((double) let)
        .isBetween(expected * (1 - percent / 100), expected * (1 + percent / 100));
  }

  /** Hosts get calls of all rates, none included; together more than the limit, or less. */
  @Property(tries = 40)
  void allHostsTogetherKeepTheLimitWithinFivePercent(
      @ForAll @Size(min = 1, max = 8) List<@DoubleRange(max = 400) Double> loads,
      @ForAll @IntRange(min = 20, max = 500) int rate) {
    Mesh mesh = new Mesh(loads.size(), rate + "/s", rate);
    Load load = (host, _) -> loads.get(host);
    mesh.run(5_000, load);
    long let = mesh.run(20_000, load);
    double offered = loads.stream().mapToDouble(Double::doubleValue).sum();
    double expected = Math.min(offered, rate) * 20;
    assertThat((double) let).isLessThanOrEqualTo(rate * 20 * 1.05);
    assertThat((double) let).isGreaterThanOrEqualTo(expected * 0.95 - 20);
  }

  @Test
  void aLoadThatMovesFromHostToHostMeetsTheSameLimit() {
    Mesh mesh = new Mesh(3, "100/s", 50);
    Load moving = (host, milli) -> milli / 2_000 % 3 == host ? 300 : 0;
    mesh.run(6_000, moving);
    assertWithin(5, mesh.run(30_000, moving), 3_000);
  }

  @Test
  void aSlowLimitIsKeptToo() {
    Mesh mesh = new Mesh(3, "600/h", 5);
    Load load = (host, _) -> host == 0 ? 2 : 0.5;
    mesh.run(60_000, load);
    assertWithin(5, mesh.run(1_800_000, load), 300);
  }

  @Test
  void withoutPilotEachHostKeepsToItsShareAndAnewOneGivesNoBurst() {
    Mesh mesh = new Mesh(2, "100/s", 100);
    Load load = (host, _) -> host == 0 ? 300 : 100;
    mesh.run(5_000, load);
    mesh.leader = null;
    mesh.run(2_000, load);
    assertWithin(10, mesh.run(10_000, load), 1_000);
    mesh.leader = mesh.pilot();
    assertThat(mesh.run(3_000, load)).isLessThanOrEqualTo(300 + 60);
    assertWithin(5, mesh.run(20_000, load), 2_000);
  }

  @Test
  void withoutPilotSinceItsStartAHostIsNeitherClosedNorOpen() {
    Mesh mesh = new Mesh(1, "100/s", 100);
    mesh.leader = null;
    mesh.run(2_000, (_, _) -> 300);
    assertWithin(15, mesh.run(10_000, (_, _) -> 300), 100);
  }

  @Test
  void onlyNodesOfTheServiceMayLease() {
    Mesh mesh = new Mesh(1, "100/s", 100);
    LeaseRequest request =
        LeaseRequest.newBuilder()
            .addAsks(
                LeaseAsk.newBuilder()
                    .setService("default/shop")
                    .setLimit("limit/default/shop#all")
                    .setWant(10))
            .build();
    Lessor pilot = mesh.pilot();
    assertThat(pilot.lease("h0", request, 0).orElseThrow().getGrants(0).getUnknown()).isFalse();
    assertThat(pilot.lease("h9", request, 0).orElseThrow().getGrants(0).getUnknown()).isTrue();
    assertThat(new Lessor(() -> 0).lease("h0", request, 0)).isEmpty();
  }
}
