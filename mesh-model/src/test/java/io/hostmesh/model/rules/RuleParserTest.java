package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people write becomes a rule, or one sentence that says why not. */
class RuleParserTest {
  private static Rule parse(String text) {
    return RuleParser.parse("r.conf", text);
  }

  @Test
  void aRouteSplitsByHeaderAndWeight() {
    RouteRule route =
        (RouteRule)
            parse(
                """
                kind = route, service = reviews
                subsets { v1 { version = v1 }, v2 { version = v2 } }
                rules = [
                  { match { header { End-User = jason }, path = "/api/*" }, to = [ { subset = v2 } ] }
                  { to = [ { subset = v1, weight = 90 }, { subset = v2, weight = 10 } ] }
                ]
                """);
    assertThat(route.service()).isEqualTo(ServiceName.of("reviews"));
    assertThat(route.subsets())
        .hasEntrySatisfying(
            "v2", v2 -> assertThat(v2.selects(Map.of("version", "v2", "x", "y"))).isTrue());
    RouteRule.Match match = route.entries().getFirst().match().orElseThrow();
    assertThat(match.headers()).containsExactly(Map.entry("end-user", "jason"));
    assertThat(match.path().orElseThrow().matches("/api/x")).isTrue();
    assertThat(route.entries().get(1).targets())
        .extracting(t -> t.weight())
        .containsExactly(90, 10);
  }

  @Test
  void anAccessRuleNamesCallersMethodsAndPaths() {
    AccessRule access =
        (AccessRule)
            parse(
                """
                kind = access, service = payments, namespace = shop
                allow = [ { from = web, methods = [ get ], paths = [ "/api/*" ] }
                          { from = [ batch, ops/cron ] } ]
                """);
    assertThat(access.service()).isEqualTo(new ServiceName("shop", "payments"));
    assertThat(access.allow().getFirst().methods()).containsExactly("GET");
    assertThat(access.allow().get(1).from())
        .containsExactlyInAnyOrder(ServiceName.of("batch"), new ServiceName("ops", "cron"));
    assertThat(access.needsRequests()).isTrue();
  }

  @Test
  void aRuleWithoutGrantsClosesItsService() {
    assertThat(((AccessRule) parse("kind = access, service = a, allow = []")).allow()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          service = a                                                     | kind: is required
          kind = rout, service = a                                        | kind: "rout" is not a kind of rule
          kind = route                                                    | service: is required
          kind = route, service = a                                       | rules: a route needs at least one entry
          kind = route, service = A_B, rules = [ { to = [ {} ] } ]        | service: service "A_B" is not a name
          kind = route, service = a, rules = [ { to = [] } ]              | rules[0].to: an entry needs at least one target
          kind = route, service = a, rules = [ { to = [ { subset = v9 } ] } ] | rules[0].to[0].subset: unknown subset "v9"
          kind = route, service = a, rules = [ { to = [ { weight = -1 } ] } ] | rules[0].to[0].weight: -1 is not within
          kind = route, service = a, rules = [ { to = [ { weight = 0 } ] } ]  | rules[0].to: the weights sum to 0
          kind = route, service = a, rules = [ { to = [ {}, {} ] } ]      | weight: is required where an entry has several
          kind = route, service = a, rules = [ { to = [ { subst = x } ] } ] | rules[0].to[0].subst: unknown key; did you mean "subset"
          kind = route, service = a, rules = [ { match {}, to = [ {} ] } ] | an empty match
          kind = access, service = a                                      | allow: is required
          kind = access, service = a, allow = [ {} ]                      | allow[0].from: is required
          kind = access, service = a, allow = [ { from = [] } ]           | an empty list allows nobody
          kind = access, service = a, allow = [ { from = a, methods = [] } ] | an empty list would allow nothing
          kind = access, service = a, allow = [ { from = a, paths = [ x ] } ] | does not begin with /
          kind = access, service = a, allow = [ { from = a, paths = [ "/a*b" ] } ] | may only be the last character
          """)
  void mistakesAreNamedWithTheirKey(String document, String expected) {
    assertThatThrownBy(() -> parse(document))
        .isInstanceOf(HoconException.class)
        .hasMessageStartingWith("r.conf")
        .hasMessageContaining(expected);
  }

  @Test
  void keysOfRulesSurviveTheirPath() {
    RuleKey key = new RuleKey(RuleKind.ROUTE, new ServiceName("shop", "web"));
    assertThat(RuleKey.parse(key.path())).contains(key);
    assertThat(RuleKey.parse("route/web")).isEmpty();
    assertThat(RuleKey.parse("x/default/web")).isEmpty();
  }
}
