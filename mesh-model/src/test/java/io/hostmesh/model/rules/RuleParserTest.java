package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import java.util.List;
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
    RequestMatch match = route.entries().getFirst().match().orElseThrow();
    assertThat(match.headers())
        .containsExactly(
            Map.entry("end-user", new ValueMatch.AnyOf(List.of(new ValuePattern("jason")))));
    assertThat(match.paths().getFirst().matches("/api/x")).isTrue();
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
    assertThat(access.scope()).isEqualTo(Scope.of(new ServiceName("shop", "payments")));
    List<Grant> allow = access.allow().orElseThrow();
    assertThat(allow.getFirst().requests().methods()).containsExactly("GET");
    assertThat(allow.get(1).callers().from())
        .containsExactly(
            new CallerPattern.OfService(ServiceName.of("batch")),
            new CallerPattern.OfService(new ServiceName("ops", "cron")));
    assertThat(access.needsRequests()).isTrue();
  }

  @Test
  void aRuleWithoutGrantsClosesItsService() {
    assertThat(((AccessRule) parse("kind = access, service = a, allow = []")).allow())
        .contains(List.of());
  }

  @Test
  void everyConditionOfAGrantIsRead() {
    AccessRule access =
        (AccessRule)
            parse(
                """
                kind = access, namespace = shop, service = "*", default = deny, dry-run = true
                deny = [ { name = nights, dry-run = true, from = [ web, "ops/*", "spiffe://other.org/*" ]
                           not-from = ops/cron, source-networks = [ 10.0.0.0/8, "fd00::/8" ]
                           methods = [ POST, put ], not-paths = "/health", hosts = [ "*.Example.org" ]
                           ports = [ 8080 ], headers { X-Env = [ test, "dev*" ] }
                           grpc = [ shop.Cart/Add, "shop.Orders/*" ], issuers = "https://id.example.org"
                           audiences = cart, claims { "realm.roles" = [ admin ], email = "*" } } ]
                audit = [ { from = "*" } ]
                """);
    assertThat(access.scope()).isEqualTo(new Scope.Namespace("shop"));
    assertThat(access.defaultAllow()).contains(false);
    assertThat(access.dryRun()).isTrue();
    assertThat(access.allow()).isEmpty();
    Grant grant = access.deny().getFirst();
    assertThat(grant.name()).contains("nights");
    assertThat(grant.dryRun()).isTrue();
    assertThat(grant.callers().from())
        .extracting(Object::toString)
        .containsExactly("default/web", "ops/*", "spiffe://other.org/*");
    assertThat(grant.callers().networks())
        .extracting(Object::toString)
        .containsExactly("10.0.0.0/8", "fd00:0:0:0:0:0:0:0/8");
    assertThat(grant.callers().ports()).containsExactly(8080);
    assertThat(grant.requests().methods()).containsExactlyInAnyOrder("POST", "PUT");
    assertThat(grant.requests().paths())
        .extracting(PathPattern::text)
        .containsExactly("/shop.Cart/Add", "/shop.Orders/*");
    assertThat(grant.requests().hosts())
        .extracting(HostPattern::text)
        .containsExactly("*.example.org");
    assertThat(grant.requests().headers())
        .containsExactly(
            Map.entry("x-env", List.of(new ValuePattern("test"), new ValuePattern("dev*"))));
    assertThat(grant.users().claims()).containsOnlyKeys("realm.roles", "email");
    assertThat(access.audit().getFirst().callers().from())
        .as("whoever has no identity must not slip past")
        .isEmpty();
  }

  @Test
  void aScopeIsAServiceANamespaceOrTheMesh() {
    assertThat(parse("kind = access, namespace = \"*\", service = \"*\", allow = []").key().path())
        .isEqualTo("access/*/*");
    assertThat(parse("kind = mode, service = \"shop/*\", mode = permissive").key().path())
        .isEqualTo("mode/shop/*");
    for (Scope scope : Scope.around(new ServiceName("shop", "web"))) {
      assertThat(Scope.parse(scope.path())).isEqualTo(scope);
      assertThat(RuleKey.parse("access/" + scope.path()))
          .contains(new RuleKey(RuleKind.ACCESS, scope));
    }
    assertThat(Scope.around(new ServiceName("shop", "web"))).isSorted();
  }

  @Test
  void aModeIsOfAServiceAndItsPorts() {
    ModeRule mode =
        (ModeRule)
            parse(
                "kind = mode, service = a, mode = strict, ports { 8080 = permissive, 9 = disabled }");
    assertThat(mode.of(8080)).contains(MeshMode.PERMISSIVE);
    assertThat(mode.of(9)).contains(MeshMode.DISABLED);
    assertThat(mode.of(80)).contains(MeshMode.STRICT);
    assertThat(((ModeRule) parse("kind = mode, service = a, ports { 1 = strict }")).of(2))
        .isEmpty();
  }

  @Test
  void hostsAreComparedWithoutPortAndCase() {
    assertThat(new HostPattern("Shop.example.org").matches("shop.EXAMPLE.org:8080")).isTrue();
    assertThat(new HostPattern("shop.example.org").matches("shop.example.org.")).isTrue();
    assertThat(new HostPattern("*.example.org").matches("a.b.example.org")).isTrue();
    assertThat(new HostPattern("*.example.org").matches("example.org")).isFalse();
    assertThat(new HostPattern("*.example.org").matches("evilexample.org")).isFalse();
    assertThat(new HostPattern("[fd00::1]").matches("[fd00::1]:80")).isTrue();
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
          kind = access, service = a                                      | allow: is required, or deny, audit or default
          kind = access, service = "*", allow = []                        | service: "*" is every service of a namespace
          kind = access, namespace = "*", service = a, allow = []         | a service has one namespace
          kind = route, namespace = a, service = "*", rules = []          | a route is for one service
          kind = access, service = a, default = maybe                     | default: "maybe" is not one of allow, deny
          kind = access, service = a, deny = [ {} ]                       | deny[0].from: a grant without any condition
          kind = access, service = a, allow = [ { from = a, dry-run = true } ] | allow[0].dry-run: a single grant can be tried where it denies
          kind = access, service = a, deny = [ { name = "a b", from = a } ] | deny[0].name: "a b" is not a name
          kind = access, service = a, deny = [ { name = x, from = a }, { name = x, from = b } ] | deny[1].name: another grant
          kind = access, service = a, deny = [ { from = "spiffe://a.org" } ] | deny[0].from: "spiffe://a.org" is not a SPIFFE ID
          kind = access, service = a, deny = [ { from = "spiffe://a*" } ] | is not a SPIFFE ID
          kind = access, service = a, deny = [ { from = "a_b/*" } ]       | deny[0].from: namespace "a_b" is not a name
          kind = access, service = a, deny = [ { source-networks = 10.0.0.1/8 } ] | source-networks: 10.0.0.1/8 has bits set
          kind = access, service = a, deny = [ { source-networks = ten } ] | deny[0].source-networks
          kind = access, service = a, deny = [ { ports = 70000 } ]        | ports: 70000 is not within
          kind = access, service = a, deny = [ { hosts = "a.org:80" } ]   | hosts: host "a.org:80" is neither
          kind = access, service = a, deny = [ { grpc = "Service" } ]     | grpc: "Service" is not a gRPC method
          kind = access, service = a, deny = [ { grpc = "a.B/C", paths = "/x" } ] | grpc: stands in place of paths
          kind = access, service = a, deny = [ { headers {} } ]           | headers: is empty
          kind = access, service = a, deny = [ { headers { a = [] } } ]   | headers.a: an empty list
          kind = access, service = a, deny = [ { claims { a { b = c } } } ] | claims.a: expected a string
          kind = access, service = a, deny = [ { pathes = "/x" } ]        | unknown key; did you mean "paths"
          kind = mode, service = a                                        | mode: is required: strict, permissive or disabled
          kind = mode, service = a, mode = open                           | mode: "open" is not one of disabled, permissive, strict
          kind = mode, service = a, ports { http = strict }               | ports.http: "http" is not a port
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
    RuleKey key = new RuleKey(RuleKind.ROUTE, Scope.of(new ServiceName("shop", "web")));
    assertThat(RuleKey.parse(key.path())).contains(key);
    assertThat(RuleKey.parse("route/web")).isEmpty();
    assertThat(RuleKey.parse("x/default/web")).isEmpty();
  }
}
