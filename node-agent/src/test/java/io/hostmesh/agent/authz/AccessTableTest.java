package io.hostmesh.agent.authz;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.ValuePattern;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTableTest {
  private static final String HOME = "mesh.local";
  private static final Peer WEB = peer("web");
  private static final Peer NOBODY = new Peer(Optional.empty(), "10.0.0.1");

  private final AccessTable table =
      table("[ { from = web, methods = [ GET ], paths = [ \"/api/*\" ] }, { from = ops } ]");

  private static AccessTable table(String allow) {
    return rules("kind = access, service = payments, allow = " + allow);
  }

  /** Rules as they hold payments, the narrowest first. */
  private static AccessTable rules(String... documents) {
    return AccessTable.compile(
        ServiceName.of("payments"),
        HOME,
        Arrays.stream(documents).map(d -> (AccessRule) RuleParser.parse("test", d)).toList(),
        true);
  }

  private static Peer peer(String service) {
    return peer(HOME, service);
  }

  private static Peer peer(String trustDomain, String service) {
    return new Peer(
        Optional.of(SpiffeId.Service.of(trustDomain, "dc1", ServiceName.parse(service))),
        "10.0.0.1");
  }

  private static Request ask(Peer peer, String method, String path) {
    return new Request(peer, 8080, method, path, null, Request.Fields.NONE, Optional.empty());
  }

  private static Verdict judged(AccessTable table, Peer peer, String method, String path) {
    return table.request(ask(peer, method, path));
  }

  @Test
  void anExceptionTakesPartOfAGrantOut() {
    Grant everything = Grant.to(List.of(), new Origin("test", 0, ""));
    Grant butReads =
        everything.with(
            new Grant.Requests(
                Set.of(),
                List.of(),
                List.of(),
                List.of(),
                Map.of(),
                List.of(
                    new Grant.Shape(
                        Set.of("GET"),
                        List.of(new PathPattern("/api/*")),
                        Map.of("x-team", List.of(new ValuePattern("*-eu")))))));
    AccessRule rule =
        new AccessRule(
            Scope.of(ServiceName.of("payments")),
            Optional.empty(),
            List.of(butReads),
            List.of(),
            Optional.empty(),
            false,
            new Origin("test", 0, ""));
    AccessTable denying =
        AccessTable.compile(ServiceName.of("payments"), HOME, List.of(rule), true);
    assertThat(denying.enforcesPaths()).isTrue();
    assertThat(allowed(denying.request(team("GET", "/api/x", "red-eu")))).isTrue();
    assertThat(allowed(denying.request(team("POST", "/api/x", "red-eu")))).isFalse();
    assertThat(allowed(denying.request(team("get", "/api/x", "red-eu")))).isFalse();
    assertThat(allowed(denying.request(team("GET", "/other", "red-eu")))).isFalse();
    assertThat(allowed(denying.request(team("GET", "/api/x", "red-us")))).isFalse();
    assertThat(allowed(denying.request(team("GET", "/api/x", "red-eu", "blue-us")))).isFalse();
    assertThat(allowed(denying.request(team("GET", "/api/x")))).isFalse();
    assertThat(allowed(denying.connection(WEB, 8080))).isFalse();
  }

  @Test
  void aDenyThatExceptsAllRequestsIsForConnectionsThatHaveNone() {
    Origin origin = new Origin("test", 0, "");
    Grant bare =
        Grant.to(List.of(), origin)
            .with(
                new Grant.Requests(
                    Set.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    Map.of(),
                    List.of(new Grant.Shape(Set.of(), List.of(), Map.of()))));
    AccessTable table =
        AccessTable.compile(
            ServiceName.of("payments"),
            HOME,
            List.of(
                new AccessRule(
                    Scope.of(ServiceName.of("payments")),
                    Optional.empty(),
                    List.of(bare),
                    List.of(),
                    Optional.empty(),
                    false,
                    origin)),
            true);
    assertThat(allowed(table.request(team("GET", "/", "red")))).isTrue();
    assertThat(allowed(table.request(team("get", "*")))).isTrue();
    assertThat(allowed(table.connection(WEB, 8080))).isFalse();
  }

  private static Request team(String method, String path, String... teams) {
    return new Request(
        WEB,
        8080,
        method,
        path,
        null,
        name -> name.equals("x-team") ? List.of(teams) : List.of(),
        Optional.empty());
  }

  private static boolean allowed(Verdict verdict) {
    return verdict instanceof Verdict.Allowed;
  }

  @ParameterizedTest
  @CsvSource({
    "web, GET, /api/x, true",
    "web, GET, /api/, true",
    "web, POST, /api/x, false",
    "web, get, /api/x, false",
    "web, GET, /api, false",
    "web, GET, /admin, false",
    "ops, DELETE, /admin, true",
    "batch, GET, /api/x, false",
    "other/web, GET, /api/x, false",
  })
  void whatNoGrantAllowsIsDenied(String caller, String method, String path, boolean expected) {
    Verdict verdict = judged(table, peer(caller), method, path);
    assertThat(allowed(verdict)).isEqualTo(expected);
    if (verdict instanceof Verdict.Denied denied) {
      assertThat(denied.sentence()).contains("payments").contains(caller);
    }
  }

  @Test
  void nobodyIsNobody() {
    assertThat(allowed(judged(table, NOBODY, "GET", "/api/x"))).isFalse();
    assertThat(allowed(table("[ { from = \"*\" } ]").connection(NOBODY, 8080))).isFalse();
  }

  @Test
  void connectionsAreJudgedByTheCallerAloneAndNeverWhereRequestsMatter() {
    AccessTable plain = table("[ { from = web } ]");
    assertThat(allowed(plain.connection(WEB, 8080))).isTrue();
    assertThat(allowed(plain.connection(peer("batch"), 8080))).isFalse();
    assertThat(allowed(table.connection(WEB, 8080))).isFalse();
    assertThat(allowed(table.connection(peer("ops"), 8080))).isFalse();
    assertThat(allowed(table("[]").connection(WEB, 8080))).isFalse();
    assertThat(allowed(table("[ { from = \"*\" } ]").connection(WEB, 8080))).isTrue();
  }

  @Property
  void noPathEverFails(@ForAll String path) {
    assertThat(judged(table, WEB, "GET", "/api/" + path)).isNotNull();
    assertThat(RequestPath.of(path)).doesNotContain("?");
  }

  @Test
  void thePathIsThatOfTheTargetWhateverItsForm() {
    assertThat(RequestPath.of("/a/b?c#d")).isEqualTo("/a/b");
    assertThat(RequestPath.of("http://a/b/../c?d")).isEqualTo("/b/../c");
    assertThat(RequestPath.of("http://a")).isEqualTo("/");
    assertThat(RequestPath.of("http://a?/api/")).isEqualTo("/");
    assertThat(RequestPath.read("http://a/b/../c?d/../e"))
        .isEqualTo(new RequestPath.Reading.Normal("http://a/c?d/../e", "/c"));
    assertThat(RequestPath.read("/x/%7Ea?b"))
        .isEqualTo(new RequestPath.Reading.Normal("/x/~a?b", "/x/~a"));
    assertThat(RequestPath.of("/a://b/c")).isEqualTo("/a://b/c");
    assertThat(RequestPath.of("a:443")).isEqualTo("a:443");
    assertThat(RequestPath.of("*")).isEqualTo("*");
  }

  @Test
  void anotherTrustDomainsServiceOfTheSameNameIsAnother() {
    Peer foreign = peer("other.org", "web");
    assertThat(allowed(judged(table("[ { from = web } ]"), foreign, "GET", "/"))).isFalse();
    assertThat(allowed(judged(table("[ { from = \"default/*\" } ]"), foreign, "GET", "/")))
        .isFalse();
    assertThat(allowed(judged(table("[ { from = \"*\" } ]"), foreign, "GET", "/"))).isFalse();
    String id = "spiffe://other.org/ns/default/dc/dc1/svc/web";
    for (String from : List.of("spiffe://other.org/*", "spiffe://other.org/ns/default/*", id)) {
      AccessTable named = table("[ { from = \"" + from + "\" } ]");
      assertThat(allowed(judged(named, foreign, "GET", "/"))).as(from).isTrue();
      assertThat(allowed(named.connection(foreign, 1))).as(from).isTrue();
      assertThat(allowed(judged(named, WEB, "GET", "/"))).as(from).isFalse();
    }
    assertThat(allowed(judged(table("[ { from = \"" + id + "x\" } ]"), foreign, "GET", "/")))
        .isFalse();
  }

  @Test
  void aDenyOfAnyScopeWinsAndIsNamed() {
    AccessTable table =
        rules(
            "kind = access, service = payments, allow = [ { from = web } ]",
            "kind = access, namespace = default, service = \"*\","
                + " deny = [ { name = no-admin, paths = \"/admin*\", not-from = ops } ]");
    assertThat(judged(table, WEB, "GET", "/x"))
        .isEqualTo(
            new Verdict.Allowed(
                new Mark("access/default/payments#allow[0]", Mark.Kind.ALLOW), List.of()));
    assertThat(judged(table, WEB, "GET", "/admin"))
        .isInstanceOfSatisfying(
            Verdict.Denied.class,
            denied -> {
              assertThat(denied.by())
                  .isEqualTo(new Mark("access/default/*#no-admin", Mark.Kind.DENY));
              assertThat(denied.sentence()).contains("no-admin").contains("web with GET /admin");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/admin/x",
        "/%61dmin/x",
        "//admin/x",
        "/x/../admin/y",
        "http://h/admin/x",
        "/admin;v=1/x"
      })
  void noSpellingOfAPathSlipsPastADeny(String target) {
    AccessTable table =
        rules("kind = access, service = payments, deny = [ { paths = \"/admin/*\" } ]");
    RequestPath.Reading.Normal read = (RequestPath.Reading.Normal) RequestPath.read(target);
    assertThat(allowed(judged(table, WEB, "GET", read.path()))).isFalse();
    assertThat(allowed(judged(table, WEB, "GET", "/public"))).isTrue();
    assertThat(table.enforcesPaths()).isTrue();
  }

  @Test
  void methodsInLowerCaseDoNotSlipPastADeny() {
    AccessTable table = rules("kind = access, service = payments, deny = [ { methods = DELETE } ]");
    assertThat(allowed(judged(table, WEB, "delete", "/x"))).isFalse();
    assertThat(table.readsPaths()).isFalse();
  }

  @Test
  void aRuleOnTrialForcesNoFormOnPaths() {
    AccessTable table =
        rules("kind = access, service = payments, deny = [ { dry-run = true, paths = \"/a\" } ]");
    assertThat(table.readsPaths()).isTrue();
    assertThat(table.enforcesPaths()).isFalse();
  }

  @Test
  void whereAnyScopeHasAListOfWhatIsAllowedOneOfThemMustAllow() {
    String mesh =
        "kind = access, namespace = \"*\", service = \"*\", allow = [ { from = monitor } ]";
    String own = "kind = access, service = payments, allow = [ { from = web } ]";
    AccessTable both = rules(own, mesh);
    assertThat(allowed(judged(both, WEB, "GET", "/"))).isTrue();
    assertThat(allowed(judged(both, peer("monitor"), "GET", "/"))).isTrue();
    assertThat(allowed(judged(both, peer("batch"), "GET", "/"))).isFalse();
    assertThat(allowed(judged(rules(mesh), WEB, "GET", "/"))).isFalse();
  }

  @Test
  void theNarrowestDefaultDecidesWhereNoListSpeaks() {
    String mesh = "kind = access, namespace = \"*\", service = \"*\", default = deny";
    String space = "kind = access, namespace = default, service = \"*\", default = allow";
    assertThat(allowed(judged(rules(mesh), WEB, "GET", "/"))).isFalse();
    assertThat(allowed(judged(rules(mesh), NOBODY, "GET", "/"))).isFalse();
    assertThat(judged(rules(space, mesh), WEB, "GET", "/").by().rule())
        .isEqualTo("access/default/*#default");
    assertThat(allowed(rules(mesh).connection(WEB, 1))).isFalse();
  }

  @Test
  void aRuleOnTrialDeniesNobodyAndIsNoted() {
    AccessTable table =
        rules(
            "kind = access, service = payments, dry-run = true, allow = [ { from = batch } ]",
            "kind = access, namespace = default, service = \"*\", deny ="
                + " [ { name = later, dry-run = true, methods = PUT }, { methods = DELETE } ]");
    assertThat(judged(table, peer("batch"), "GET", "/")).isEqualTo(Verdict.OPEN);
    assertThat(judged(table, WEB, "GET", "/"))
        .isEqualTo(
            new Verdict.Allowed(
                Mark.NONE,
                List.of(new Mark("access/default/payments#allow", Mark.Kind.DRY_RUN_DENY))));
    assertThat(judged(table, peer("batch"), "PUT", "/").notes())
        .containsExactly(new Mark("access/default/*#later", Mark.Kind.DRY_RUN_DENY));
    assertThat(allowed(judged(table, peer("batch"), "DELETE", "/"))).isFalse();
    AccessTable grant =
        rules("kind = access, service = payments, deny = [ { dry-run = true, from = web } ]");
    assertThat(grant.connection(WEB, 1).notes())
        .containsExactly(new Mark("access/default/payments#deny[0]", Mark.Kind.DRY_RUN_DENY));
  }

  @Test
  void auditsAreAllNotedWhateverIsDecided() {
    AccessTable table =
        rules(
            "kind = access, service = payments, allow = [ { from = web } ], audit ="
                + " [ { name = a, from = web }, { name = b, paths = \"/x*\" }, { from = ops } ]");
    List<Mark> both =
        List.of(
            new Mark("access/default/payments#a", Mark.Kind.AUDIT),
            new Mark("access/default/payments#b", Mark.Kind.AUDIT));
    assertThat(judged(table, WEB, "GET", "/x").notes()).isEqualTo(both);
    assertThat(judged(table, peer("batch"), "GET", "/x").notes()).isEqualTo(both.subList(1, 2));
  }

  @Test
  void bareConnectionsMeetDeniesThatAskForRequests() {
    AccessTable table =
        rules(
            "kind = access, namespace = \"*\", service = \"*\","
                + " deny = [ { from = web, paths = \"/admin\" } ]");
    assertThat(allowed(table.connection(WEB, 1))).isFalse();
    assertThat(allowed(table.connection(peer("ops"), 1))).isTrue();
  }

  @Test
  void everyConditionHasToHold() {
    AccessTable table =
        table(
            "[ { from = web, not-from = \"ops/*\", source-networks = \"10.0.0.0/24\", ports = 8080"
                + ", methods = GET, not-paths = \"/api/secret*\", hosts = \"*.example.org\""
                + ", headers { x-env = [ test, \"dev*\" ], x-id = \"*\" }"
                + ", issuers = \"https://id\", audiences = cart"
                + ", claims { \"realm.roles\" = [ admin ] } } ]");
    Map<String, List<String>> headers = Map.of("x-env", List.of("dev-1"), "x-id", List.of("7"));
    EndUser ann =
        new EndUser(
            "https://id", "ann", Set.of("cart"), Map.of("realm.roles", List.of("user", "admin")));
    Request good = request(WEB, 8080, "GET", "/api/x", "a.example.org", headers, ann);
    assertThat(allowed(table.request(good))).isTrue();
    Map<String, List<String>> twice =
        Map.of("x-env", List.of("test", "live"), "x-id", List.of("7"));
    EndUser guest = new EndUser("https://id", "bob", Set.of("cart"), Map.of());
    EndUser other = new EndUser("https://evil", "ann", ann.audiences(), ann.claims());
    Peer elsewhere = new Peer(Optional.of(java.util.Objects.requireNonNull(WEB.id())), "10.0.1.1");
    assertThat(
            List.of(
                request(peer("batch"), 8080, "GET", "/api/x", "a.example.org", headers, ann),
                request(elsewhere, 8080, "GET", "/api/x", "a.example.org", headers, ann),
                request(WEB, 80, "GET", "/api/x", "a.example.org", headers, ann),
                request(WEB, 8080, "PUT", "/api/x", "a.example.org", headers, ann),
                request(WEB, 8080, "GET", "/api/secret/1", "a.example.org", headers, ann),
                request(WEB, 8080, "GET", "/api/x", "example.com", headers, ann),
                request(WEB, 8080, "GET", "/api/x", "a.example.org", twice, ann),
                request(WEB, 8080, "GET", "/api/x", "a.example.org", Map.of(), ann),
                request(WEB, 8080, "GET", "/api/x", "a.example.org", headers, guest),
                request(WEB, 8080, "GET", "/api/x", "a.example.org", headers, other),
                new Request(
                    WEB,
                    8080,
                    "GET",
                    "/api/x",
                    "a.example.org",
                    fields(headers),
                    Optional.empty())))
        .allSatisfy(request -> assertThat(allowed(table.request(request))).isFalse());
  }

  @Test
  void aNetworkWithoutNamesLetsInWhoHasNoIdentity() {
    AccessTable table = table("[ { source-networks = \"10.0.0.0/24\" } ]");
    assertThat(allowed(judged(table, NOBODY, "GET", "/"))).isTrue();
    assertThat(allowed(table.connection(new Peer(Optional.empty(), "::ffff:10.0.0.9"), 1)))
        .isTrue();
    assertThat(allowed(table.connection(new Peer(Optional.empty(), "10.0.1.9"), 1))).isFalse();
    assertThat(allowed(table.connection(new Peer(Optional.empty(), "fe80::1%eth0"), 1))).isFalse();
  }

  private static Request.Fields fields(Map<String, List<String>> headers) {
    return name -> headers.getOrDefault(name, List.of());
  }

  private static Request request(
      Peer peer,
      int port,
      String method,
      String target,
      String host,
      Map<String, List<String>> headers,
      EndUser user) {
    return new Request(peer, port, method, target, host, fields(headers), Optional.of(user));
  }
}
