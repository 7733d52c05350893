package io.hostmesh.agent.outbound;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.routing.RequestFacts;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.ValueMatch;
import io.hostmesh.model.rules.ValuePattern;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashMap;
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

/** Where a request goes, by a rule of one entry to 1,000: the first, the last, or none of them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RoutingBench {
  private static final Origin ORIGIN = new Origin("bench", 0, "");

  /** Which entry is hit: by its path, or (header) by a header that every fourth entry asks for. */
  @Param({"first", "last", "header", "none"})
  public String hit = "";

  @Param({"1", "100", "1000"})
  public int entries = 1;

  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
  private final HttpHeaders headers = new DefaultHttpHeaders();
  private RouteTable table = table(1);
  private String path = "";

  private final RequestFacts asked =
      new RequestFacts() {
        @Override
        public String path() {
          return path;
        }

        @Override
        public String method() {
          return "GET";
        }

        @Override
        public @Nullable String host() {
          return headers.get("host");
        }

        @Override
        public List<String> headerValues(String lowerCaseName) {
          return headers.getAll(lowerCaseName);
        }

        @Override
        public List<String> queryValues(String name) {
          return List.of();
        }

        @Override
        public boolean isFrom(CallerPattern pattern) {
          return true;
        }

        @Override
        public @Nullable String sourceMeta(String key) {
          return null;
        }
      };

  private static RouteTable table(int count) {
    Map<String, RouteRule.Subset> subsets = new HashMap<>();
    List<RouteRule.Entry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = "v" + i;
      subsets.put(name, new RouteRule.Subset(name, Map.of("version", name), ORIGIN));
      Map<String, ValueMatch> wanted =
          i % 4 == 3
              ? Map.of("x-tenant", new ValueMatch.AnyOf(List.of(new ValuePattern("tenant-" + i))))
              : Map.of();
      PathPattern pattern = new PathPattern("/api/part-" + i + (i % 2 == 0 ? "/*" : "/items"));
      entries.add(
          new RouteRule.Entry(
              Optional.empty(),
              Optional.of(
                  new RequestMatch(
                      List.of(pattern),
                      Optional.empty(),
                      Set.of(),
                      wanted,
                      Map.of(),
                      List.of(),
                      List.of(),
                      Map.of())),
              new Action.Forward(
                  List.of(
                      new RouteRule.Target(Optional.empty(), Optional.of(name), 90, ORIGIN),
                      new RouteRule.Target(Optional.empty(), Optional.empty(), 10, ORIGIN))),
              Handling.NONE,
              ORIGIN));
    }
    return RouteTable.compile(new RouteRule(ServiceName.of("shop"), subsets, entries, ORIGIN));
  }

  @Setup
  public void prepare() {
    table = table(entries);
    int last = entries - 1;
    headers.set("host", "shop.mesh").set("user-agent", "curl/8").set("accept", "*/*");
    headers.set("x-tenant", hit.equals("header") ? "tenant-" + last : "tenant-none");
    path =
        switch (hit) {
          case "first" -> "/api/part-0/items";
          case "last" -> "/api/part-" + last + "/items";
          case "header" -> "/api/part-" + (last - last % 4 + 3) + "/items";
          default -> "/elsewhere/items";
        };
  }

  @Benchmark
  public RouteTable.@Nullable Decision decide() {
    return table.decide(asked, random);
  }
}
