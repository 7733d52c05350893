package io.hostmesh.model.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.ValueMatch;
import io.hostmesh.model.rules.ValuePattern;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
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
import org.jspecify.annotations.Nullable;
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
    return nameOf(table.decide(new Asked(path, headers), new Random(1)));
  }

  private static String nameOf(RouteTable.@Nullable Decision decision) {
    return decision == null || decision.subset() == null ? "all" : decision.subset().name();
  }

  /** A request by its path and headers; what else it is, its headers say. */
  private record Asked(String path, Map<String, String> headers) implements RequestFacts {
    @Override
    public String method() {
      return headers.getOrDefault(":method", "GET");
    }

    @Override
    public @Nullable String host() {
      return headers.get("host");
    }

    @Override
    public List<String> headerValues(String lowerCaseName) {
      String values = headers.get(lowerCaseName);
      return values == null ? List.of() : List.of(values.split("\n", -1));
    }

    @Override
    public List<String> queryValues(String name) {
      return headerValues("?" + name);
    }

    @Override
    public boolean isFrom(CallerPattern pattern) {
      return pattern.toString().equals(headers.get(":source"));
    }

    @Override
    public @Nullable String sourceMeta(String key) {
      return headers.get(":meta-" + key);
    }
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
    assertThat(table.decideConnection(new Asked("", Map.of()), new Random(1))).isNull();
  }

  @Test
  void ofSeveralValuesOneIsEnoughAndNoneMayBeExcluded() {
    RouteTable table =
        table(
            """
            [ { match { header { x = b } }, to = [ { subset = v1 } ] }
              { match { header { y { not = b } } }, to = [ { subset = v2 } ] } ]
            """);
    assertThat(decided(table, "/", Map.of("x", "a\nb", "y", "b"))).isEqualTo("v1");
    assertThat(decided(table, "/", Map.of("y", "a"))).isEqualTo("v2");
    assertThat(decided(table, "/", Map.of("y", "a\nb"))).isEqualTo("all");
  }

  private static final List<String> PATHS =
      List.of("*", "/*", "/", "/a", "/a*", "/a/*", "/a/b", "/a/b*", "/ab*", "/b/*", "/a/b/c");

  @Provide
  Arbitrary<RequestMatch> matches() {
    return Combinators.combine(
            Arbitraries.of(PATHS).list().ofMaxSize(2),
            Arbitraries.maps(Arbitraries.of("x", "y"), Arbitraries.of("1", "2")).ofMaxSize(2))
        .as((paths, headers) -> match(paths, headers));
  }

  private static RequestMatch match(List<String> paths, Map<String, String> headers) {
    Map<String, ValueMatch> wanted = new HashMap<>();
    headers.forEach(
        (name, value) -> wanted.put(name, new ValueMatch.AnyOf(List.of(new ValuePattern(value)))));
    return new RequestMatch(
        paths.stream().map(PathPattern::new).toList(),
        Optional.empty(),
        Set.of(),
        wanted,
        Map.of(),
        List.of(),
        List.of(),
        Map.of());
  }

  /** As the rule is to be read: one entry after the other. */
  @Property
  void theIndexFindsWhatReadingEveryEntryFinds(
      @ForAll @Size(max = 12) List<@From("matches") RequestMatch> matches,
      @ForAll @Chars({'a', 'b', '/', 'c'}) @StringLength(max = 6) String rest,
      @ForAll("values") Map<String, String> headers) {
    String path = "/" + rest;
    Origin origin = new Origin("test", 0, "");
    Map<String, RouteRule.Subset> subsets = new HashMap<>();
    List<RouteRule.Entry> entries = new ArrayList<>();
    String expected = "all";
    for (int i = 0; i < matches.size(); i++) {
      RequestMatch match = matches.get(i);
      String name = "s" + i;
      subsets.put(name, new RouteRule.Subset(name, Map.of("version", name), origin));
      entries.add(
          new RouteRule.Entry(
              Optional.empty(),
              Optional.of(match),
              new Action.Forward(
                  List.of(new RouteRule.Target(Optional.empty(), Optional.of(name), 1, origin))),
              Handling.NONE,
              origin));
      if (expected.equals("all") && new RequestMatcher(match).matches(new Asked(path, headers))) {
        expected = name;
      }
    }
    RouteTable table =
        RouteTable.compile(new RouteRule(ServiceName.of("api"), subsets, entries, origin));
    assertThat(decided(table, path, headers)).isEqualTo(expected);
  }

  @Test
  void everyConditionOfAMatchMustHold() {
    RouteTable table =
        table(
            """
            [ { match { path-regex = "/v[0-9]+/.*", method = [ get, POST ]
                        header { x-env = [ test, "dev*" ], x-old { present = false }, x-a { not = b }
                                 cookie { regex = ".*canary=(yes|true).*" } }
                        query { debug = "1" }, host = "*.example.org", source = "shop/*"
                        source-meta { tier = gold } }
                to = [ { subset = v2 } ] } ]
            """);
    Map<String, String> held =
        Map.of(
            ":method", "POST",
            "x-env", "dev-7",
            "cookie", "a=b; canary=yes",
            "?debug", "1",
            "host", "api.example.org:80",
            ":source", "shop/*",
            ":meta-tier", "gold");
    assertThat(decided(table, "/v12/x", held)).isEqualTo("v2");
    assertThat(decided(table, "/v/x", held)).isEqualTo("all");
    for (String condition : held.keySet()) {
      Map<String, String> other = new HashMap<>(held);
      other.put(condition, "other");
      assertThat(decided(table, "/v12/x", other)).as(condition).isEqualTo("all");
    }
    for (String unwanted : List.of("x-old", "x-a")) {
      Map<String, String> other = new HashMap<>(held);
      other.put(unwanted, "b");
      assertThat(decided(table, "/v12/x", other)).as(unwanted).isEqualTo("all");
    }
  }

  @Test
  void aConnectionIsHeldByWhoCallsButNotByWhatOnlyRequestsHave() {
    RouteTable table =
        table(
            """
            [ { match { path = "/x" }, to = [ { subset = v1 } ] }
              { respond { status = 403 } }
              { match { source = default/batch }, to = [ { subset = v2 } ] } ]
            """);
    assertThat(
            nameOf(
                table.decideConnection(
                    new Asked("", Map.of(":source", "default/batch")), new Random(1))))
        .isEqualTo("v2");
    assertThat(table.decideConnection(new Asked("", Map.of()), new Random(1))).isNull();
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
      counts.merge(nameOf(table.decide(new Asked("/", Map.of()), random)), 1, Integer::sum);
    }
    double share = first / (double) (first + second);
    double slack = 6 * Math.sqrt(draws * share * (1 - share)) + 1;
    assertThat((double) counts.getOrDefault("v1", 0))
        .isBetween(draws * share - slack, draws * share + slack);
    assertThat(counts).doesNotContainKey("all");
  }
}
