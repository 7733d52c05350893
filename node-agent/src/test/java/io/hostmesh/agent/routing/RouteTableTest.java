package io.hostmesh.agent.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RouteTableTest {
  private static RouteTable table(String rules) {
    return RouteTable.compile(
        (RouteRule)
            RuleParser.parse(
                "test",
                "kind = route, service = api, subsets { v1 { version = v1 }, v2 { version = v2 } }"
                    + ", rules = "
                    + rules));
  }

  private static String decided(RouteTable table, String path, Map<String, String> headers) {
    RouteRule.Subset subset = table.decide(path, headers::get, new Random(1));
    return subset == null ? "all" : subset.name();
  }

  @Test
  void theFirstEntryThatMatchesDecides() {
    RouteTable table =
        table(
            """
            [ { match { header { End-User = jason }, path = "/a/*" }, to = [ { subset = v2 } ] }
              { match { path = "/b" }, to = [ { subset = v1 } ] } ]
            """);
    assertThat(decided(table, "/a/x", Map.of("end-user", "jason"))).isEqualTo("v2");
    assertThat(decided(table, "/a/x", Map.of("end-user", "Jason"))).isEqualTo("all");
    assertThat(decided(table, "/b", Map.of("end-user", "jason"))).isEqualTo("v1");
    assertThat(decided(table, "/b/c", Map.of())).isEqualTo("all");
    assertThat(table.decideConnection(new Random(1))).isNull();
  }

  @Property(tries = 50)
  void weightsShareTheRequests(
      @ForAll @IntRange(max = 1000) int first,
      @ForAll @IntRange(min = 1, max = 1000) int second,
      @ForAll long seed) {
    RouteTable table =
        table(
            "[ { to = [ { subset = v1, weight = %d }, { subset = v2, weight = %d } ] } ]"
                .formatted(first, second));
    Random random = new Random(seed);
    Map<String, Integer> counts = new HashMap<>();
    int draws = 4000;
    for (int i = 0; i < draws; i++) {
      RouteRule.Subset subset = table.decide("/", _ -> null, random);
      counts.merge(subset == null ? "all" : subset.name(), 1, Integer::sum);
    }
    double share = first / (double) (first + second);
    double slack = 6 * Math.sqrt(draws * share * (1 - share)) + 1;
    assertThat((double) counts.getOrDefault("v1", 0))
        .isBetween(draws * share - slack, draws * share + slack);
    assertThat(counts).doesNotContainKey("all");
  }
}
