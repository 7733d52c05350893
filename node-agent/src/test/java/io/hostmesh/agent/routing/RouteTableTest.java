package io.hostmesh.agent.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
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

  private static final List<String> PATHS =
      List.of("*", "/*", "/", "/a", "/a*", "/a/*", "/a/b", "/a/b*", "/ab*", "/b/*", "/a/b/c");

  @Provide
  Arbitrary<RouteRule.Match> matches() {
    return Combinators.combine(
            Arbitraries.of(PATHS).optional(),
            Arbitraries.maps(Arbitraries.of("x", "y"), Arbitraries.of("1", "2")).ofMaxSize(2))
        .as((path, headers) -> new RouteRule.Match(headers, path.map(PathPattern::new)));
  }

  /** As the rule is to be read: one entry after the other. */
  @Property
  void theIndexFindsWhatReadingEveryEntryFinds(
      @ForAll @Size(max = 12) List<RouteRule.@From("matches") Match> matches,
      @ForAll @Chars({'a', 'b', '/', 'c'}) @StringLength(max = 6) String rest,
      @ForAll("values") Map<String, String> headers) {
    String path = "/" + rest;
    Origin origin = new Origin("test", 0, "");
    Map<String, RouteRule.Subset> subsets = new HashMap<>();
    List<RouteRule.Entry> entries = new ArrayList<>();
    String expected = "all";
    for (int i = 0; i < matches.size(); i++) {
      RouteRule.Match match = matches.get(i);
      String name = "s" + i;
      subsets.put(name, new RouteRule.Subset(name, Map.of("version", name), origin));
      entries.add(
          new RouteRule.Entry(
              Optional.of(match), List.of(new RouteRule.Target(Optional.of(name), 1, origin))));
      if (expected.equals("all")
          && match.path().map(pattern -> pattern.matches(path)).orElse(true)
          && headers.entrySet().containsAll(match.headers().entrySet())) {
        expected = name;
      }
    }
    RouteTable table =
        RouteTable.compile(new RouteRule(ServiceName.of("api"), subsets, entries, origin));
    assertThat(decided(table, path, headers)).isEqualTo(expected);
  }

  @Provide
  Arbitrary<Map<String, String>> values() {
    return Arbitraries.maps(Arbitraries.of("x", "y"), Arbitraries.of("1", "2"));
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
