package io.hostmesh.agent.routing;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RouteRule;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

/** Where a request goes, by a rule of 100 entries: the first, the last, or none of them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RoutingBench {
  private static final Origin ORIGIN = new Origin("bench", 0, "");

  /** Which entry is hit: by its path, or (header) by a header that every fourth entry asks for. */
  @Param({"first", "last", "header", "none"})
  public String hit = "";

  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
  private final HttpHeaders headers = new DefaultHttpHeaders();
  private final RouteTable.Headers asked = headers::get;
  private final RouteTable table = table();
  private String path = "";

  private static RouteTable table() {
    Map<String, RouteRule.Subset> subsets = new HashMap<>();
    List<RouteRule.Entry> entries = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String name = "v" + i;
      subsets.put(name, new RouteRule.Subset(name, Map.of("version", name), ORIGIN));
      Map<String, String> wanted = i % 4 == 3 ? Map.of("x-tenant", "tenant-" + i) : Map.of();
      PathPattern pattern = new PathPattern("/api/part-" + i + (i % 2 == 0 ? "/*" : "/items"));
      entries.add(
          new RouteRule.Entry(
              Optional.of(new RouteRule.Match(wanted, Optional.of(pattern))),
              List.of(
                  new RouteRule.Target(Optional.of(name), 90, ORIGIN),
                  new RouteRule.Target(Optional.empty(), 10, ORIGIN))));
    }
    return RouteTable.compile(new RouteRule(ServiceName.of("shop"), subsets, entries, ORIGIN));
  }

  @Setup
  public void prepare() {
    headers.set("host", "shop.mesh").set("user-agent", "curl/8").set("accept", "*/*");
    headers.set("x-tenant", hit.equals("header") ? "tenant-99" : "tenant-none");
    path =
        switch (hit) {
          case "first" -> "/api/part-0/items";
          case "last" -> "/api/part-98/items";
          case "header" -> "/api/part-99/items";
          default -> "/elsewhere/items";
        };
  }

  @Benchmark
  public RouteRule.@Nullable Subset decide() {
    return table.decide(path, asked, random);
  }
}
