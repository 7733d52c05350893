package io.hostmesh.agent.authz;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The index says what asking every grant would say. */
class AccessIndexTest {
  private static final String HOME = "mesh.local";
  private static final Origin ORIGIN = new Origin("test", 0, "");

  @Provide
  Arbitrary<Grant> grants() {
    Arbitrary<List<CallerPattern>> callers =
        Arbitraries.of(
                "*",
                "web",
                "ops/web",
                "ops/*",
                "spiffe://other.org/*",
                "spiffe://other.org/ns/default/dc/dc1/svc/web",
                "spiffe://mesh.local/ns/ops/*")
            .map(CallerPattern::parse)
            .list()
            .uniqueElements()
            .ofMaxSize(2);
    Arbitrary<List<CallerPattern>> notCallers =
        Arbitraries.of("web", "ops/*", "*").map(CallerPattern::parse).list().ofMaxSize(1);
    Arbitrary<List<PathPattern>> paths =
        Arbitraries.of("/", "/*", "/a", "/a*", "/a/*", "/a/b", "/a/b/*", "/b*", "*", "/%61/*")
            .map(PathPattern::new)
            .list()
            .uniqueElements()
            .ofMaxSize(3);
    Arbitrary<Set<String>> methods = Arbitraries.of("GET", "PUT").set().ofMaxSize(2);
    return Combinators.combine(callers, notCallers, paths, paths, methods)
        .as(
            (from, not, path, notPath, method) ->
                Grant.to(from, ORIGIN)
                    .with(
                        new Grant.Requests(
                            method,
                            path,
                            notPath.isEmpty() ? List.of() : notPath.subList(0, 1),
                            List.of(),
                            Map.of())));
  }

  @Provide
  Arbitrary<AccessRule> rules() {
    return Combinators.combine(
            Arbitraries.of(
                Scope.of(ServiceName.of("shop")), new Scope.Namespace("default"), Scope.mesh()),
            grants().list().ofMaxSize(12).optional(),
            grants().list().ofMaxSize(4),
            Arbitraries.of(true, false).optional(),
            Arbitraries.of(true, false, false, false))
        .as(
            (scope, allow, deny, otherwise, dryRun) ->
                new AccessRule(scope, allow, deny, List.of(), otherwise, dryRun, ORIGIN));
  }

  @Provide
  Arbitrary<Request> requests() {
    Arbitrary<Peer> peers =
        Arbitraries.of(
            peer(HOME, "web"),
            peer(HOME, "ops/web"),
            peer(HOME, "ops/cron"),
            peer("other.org", "web"),
            new Peer(Optional.empty(), "10.0.0.1"));
    return Combinators.combine(
            peers,
            Arbitraries.of("GET", "PUT", "POST", "put"),
            Arbitraries.of(
                "/", "/a", "/a/b", "/a/b/c", "/ab", "/b/x?q", "/c", "/a//b", "/%61/b", "/a/../b",
                "*"))
        .as(
            (peer, method, path) ->
                new Request(peer, 80, method, path, null, Request.Fields.NONE, Optional.empty()));
  }

  private static Peer peer(String domain, String service) {
    return new Peer(
        Optional.of(SpiffeId.Service.of(domain, "dc1", ServiceName.parse(service))), "10.0.0.1");
  }

  private static AccessTable table(List<AccessRule> rules) {
    return AccessTable.compile(ServiceName.of("shop"), HOME, rules, true);
  }

  private static boolean allowed(List<AccessRule> rules, Request request) {
    return table(rules).request(request) instanceof Verdict.Allowed;
  }

  private static List<CompiledGrant> compiled(List<Grant> grants, boolean denies) {
    List<CompiledGrant> compiled = new ArrayList<>();
    for (Grant grant : grants) {
      compiled.add(new CompiledGrant(compiled.size(), Mark.NONE, grant, denies, HOME));
    }
    return compiled;
  }

  @Property
  void theFirstGrantFoundIsTheFirstThatHolds(
      @ForAll("lists") List<Grant> grants,
      @ForAll("requests") Request request,
      @ForAll boolean denies) {
    List<CompiledGrant> all = compiled(grants, denies);
    CompiledGrant naive =
        all.stream()
            .filter(
                g ->
                    (g.grant.callers().from().isEmpty()
                            ? denies || !isForeign(request.peer())
                            : g.namesCaller(request.peer()))
                        && GrantPaths.takesPath(g, request.path())
                        && g.takes(request))
            .findFirst()
            .orElse(null);
    assertThat(new GrantIndex(all, HOME).first(request)).isSameAs(naive);
  }

  private static boolean isForeign(Peer peer) {
    SpiffeId id = peer.id();
    return id != null && !id.trustDomain().equals(HOME);
  }

  @Provide
  Arbitrary<List<Grant>> lists() {
    return grants().list().ofMaxSize(30);
  }

  @Property
  void aDenyAlwaysWins(
      @ForAll("few") List<AccessRule> rules,
      @ForAll("requests") Request request,
      @ForAll("grants") Grant grant) {
    AccessRule deny =
        new AccessRule(
            Scope.mesh(),
            Optional.empty(),
            List.of(grant),
            List.of(),
            Optional.empty(),
            false,
            ORIGIN);
    List<AccessRule> more = new ArrayList<>(rules);
    more.add(deny);
    boolean held =
        table(List.of(deny)).request(request) instanceof Verdict.Denied denied
            && !denied.by().rule().equals("mesh.trust-domain");
    assertThat(allowed(more, request)).isEqualTo(!held && allowed(rules, request));
  }

  @Property
  void anotherGrantThatAllowsNeverDenies(
      @ForAll("few") List<AccessRule> rules,
      @ForAll("requests") Request request,
      @ForAll("grants") Grant grant) {
    for (int i = 0; i < rules.size(); i++) {
      AccessRule rule = rules.get(i);
      if (rule.allow().isEmpty()) {
        continue;
      }
      List<Grant> wider = new ArrayList<>(rule.allow().get());
      wider.add(grant);
      List<AccessRule> more = new ArrayList<>(rules);
      more.set(
          i,
          new AccessRule(
              rule.scope(),
              Optional.of(wider),
              rule.deny(),
              rule.audit(),
              rule.defaultAllow(),
              rule.dryRun(),
              ORIGIN));
      assertThat(allowed(more, request) || !allowed(rules, request)).isTrue();
    }
  }

  @Property
  void aRuleOnTrialChangesNothing(
      @ForAll("few") List<AccessRule> rules,
      @ForAll("requests") Request request,
      @ForAll("rules") AccessRule rule) {
    AccessRule trial =
        new AccessRule(
            rule.scope(),
            rule.allow(),
            rule.deny(),
            rule.audit(),
            rule.defaultAllow(),
            true,
            ORIGIN);
    List<AccessRule> more = new ArrayList<>(rules);
    more.add(trial);
    assertThat(allowed(more, request)).isEqualTo(allowed(rules, request));
  }

  @Provide
  Arbitrary<List<AccessRule>> few() {
    return rules().list().ofMaxSize(3);
  }
}
