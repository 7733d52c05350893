package io.hostmesh.agent.authz;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.NormalPath;
import io.hostmesh.model.rules.RuleKind;
import io.hostmesh.model.rules.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All access rules that hold a service, compiled when they arrive:
 *
 * <ol>
 *   <li>what a grant of any list {@code deny} holds is denied;
 *   <li>where there is a list {@code allow}, a grant of one of them has to hold it;
 *   <li>where there is none, the {@code default} of the narrowest rule decides that has one, and at
 *       last the mesh's.
 * </ol>
 *
 * A rule on trial, and a grant on trial, takes no part in this; what it would have denied is noted.
 * Immutable, for any thread.
 */
public final class AccessTable {
  /** Of a service of which pilot has not said yet whether it has rules: nobody may call. */
  public static final AccessTable UNHEARD =
      new AccessTable(
          "this service",
          "",
          List.of(
              AccessRule.allowing(
                  Scope.mesh(),
                  List.of(),
                  new Origin("access rules not heard from pilot yet", 0, ""))),
          false);

  private static final Mark FOREIGN = new Mark("mesh.trust-domain", Mark.Kind.DENY);

  private static final String MESH_DEFAULT = "mesh.default-access";

  private final String service;
  private final String trustDomain;
  private final List<AccessRule> rules;
  private final GrantIndex deny;
  private final GrantIndex allow;
  private final GrantIndex audit;
  private final GrantIndex dryDeny;
  private final GrantIndex dryAllow;

  /** The rules with a list of what is allowed, for messages; empty where none has one. */
  private final String restricting;

  private final @Nullable Mark notAllowed;
  private final @Nullable Mark dryNotAllowed;
  private final boolean readsRequests;
  private final boolean readsPaths;
  private final boolean enforcesPaths;
  private final boolean readsHost;
  private final Default enforced;
  private final Default tried;
  private int order;

  /**
   * What holds where no list says anything.
   *
   * @param ruled whether a rule says so, and not the mesh
   */
  private record Default(boolean allows, boolean ruled, Mark mark) {}

  private AccessTable(
      String service, String trustDomain, List<AccessRule> rules, boolean meshAllows) {
    this.service = service;
    this.trustDomain = trustDomain;
    this.rules = List.copyOf(rules);
    List<CompiledGrant> denied = new ArrayList<>();
    List<CompiledGrant> allowed = new ArrayList<>();
    List<CompiledGrant> audited = new ArrayList<>();
    List<CompiledGrant> tryDenied = new ArrayList<>();
    List<CompiledGrant> tryAllowed = new ArrayList<>();
    for (AccessRule rule : rules) {
      for (int i = 0; i < rule.deny().size(); i++) {
        Grant grant = rule.deny().get(i);
        boolean dry = rule.dryRun() || grant.dryRun();
        (dry ? tryDenied : denied)
            .add(deny(rule, "deny", i, dry ? Mark.Kind.DRY_RUN_DENY : Mark.Kind.DENY));
      }
      for (int i = 0; i < rule.audit().size(); i++) {
        audited.add(deny(rule, "audit", i, Mark.Kind.AUDIT));
      }
      List<Grant> grants = rule.allow().orElse(List.of());
      for (int i = 0; i < grants.size(); i++) {
        (rule.dryRun() ? tryAllowed : allowed)
            .add(compiled(rule, "allow", i, grants.get(i), Mark.Kind.ALLOW, false));
      }
    }
    this.deny = new GrantIndex(denied, trustDomain);
    this.allow = new GrantIndex(allowed, trustDomain);
    this.audit = new GrantIndex(audited, trustDomain);
    this.dryDeny = new GrantIndex(tryDenied, trustDomain);
    this.dryAllow = new GrantIndex(tryAllowed, trustDomain);
    List<AccessRule> lists = rules.stream().filter(r -> r.allow().isPresent()).toList();
    this.restricting =
        lists.stream()
            .filter(rule -> !rule.dryRun())
            .map(AccessTable::path)
            .collect(Collectors.joining(", "));
    this.notAllowed = listOf(lists, false, Mark.Kind.DENY);
    this.dryNotAllowed = listOf(lists, true, Mark.Kind.DRY_RUN_DENY);
    this.readsRequests =
        rules.stream()
            .filter(rule -> rule.scope() instanceof Scope.Service && !rule.dryRun())
            .anyMatch(AccessRule::needsRequests);
    this.readsPaths = rules.stream().flatMap(AccessTable::grants).anyMatch(AccessTable::asksPath);
    this.enforcesPaths = Stream.of(deny, allow).anyMatch(index -> index.any(AccessTable::asksPath));
    this.readsHost =
        rules.stream()
            .flatMap(AccessTable::grants)
            .anyMatch(grant -> !grant.requests().hosts().isEmpty());
    this.enforced = defaultOf(rules, false, meshAllows);
    this.tried = defaultOf(rules, true, meshAllows);
  }

  private static boolean asksPath(Grant grant) {
    return !grant.requests().paths().isEmpty()
        || !grant.requests().notPaths().isEmpty()
        || grant.requests().unless().stream().anyMatch(shape -> !shape.paths().isEmpty());
  }

  private static Stream<Grant> grants(AccessRule rule) {
    return Stream.of(rule.allow().orElse(List.of()), rule.deny(), rule.audit())
        .flatMap(List::stream);
  }

  private CompiledGrant deny(AccessRule rule, String list, int place, Mark.Kind kind) {
    Grant grant = (list.equals("deny") ? rule.deny() : rule.audit()).get(place);
    return compiled(rule, list, place, grant, kind, true);
  }

  private CompiledGrant compiled(
      AccessRule rule, String list, int place, Grant grant, Mark.Kind kind, boolean denies) {
    String name = grant.name().orElse(list + "[" + place + "]");
    return new CompiledGrant(
        order++, new Mark(path(rule) + "#" + name, kind), grant, denies, trustDomain);
  }

  private static String path(AccessRule rule) {
    return RuleKind.ACCESS.text() + "/" + rule.scope().path();
  }

  private static @Nullable Mark listOf(List<AccessRule> lists, boolean dryRun, Mark.Kind kind) {
    return lists.stream()
        .filter(rule -> rule.dryRun() == dryRun)
        .findFirst()
        .map(rule -> new Mark(path(rule) + "#allow", kind))
        .orElse(null);
  }

  private static Default defaultOf(List<AccessRule> rules, boolean dryRun, boolean meshAllows) {
    for (AccessRule rule : rules) {
      if (rule.defaultAllow().isPresent() && (dryRun || !rule.dryRun())) {
        boolean allows = rule.defaultAllow().get();
        Mark.Kind denial = dryRun ? Mark.Kind.DRY_RUN_DENY : Mark.Kind.DENY;
        return new Default(
            allows, true, new Mark(path(rule) + "#default", allows ? Mark.Kind.ALLOW : denial));
      }
    }
    return new Default(
        meshAllows, false, meshAllows ? Mark.NONE : new Mark(MESH_DEFAULT, Mark.Kind.DENY));
  }

  /**
   * @param trustDomain the mesh's own, whose identities {@code from = web} means
   * @param rules whose scopes hold the service, the narrowest first
   * @param meshAllows the mesh's default
   */
  public static AccessTable compile(
      ServiceName service, String trustDomain, List<AccessRule> rules, boolean meshAllows) {
    return new AccessTable(service.toString(), trustDomain, rules, meshAllows);
  }

  /** What it was made of, the narrowest first. */
  public List<AccessRule> rules() {
    return rules;
  }

  /** Whether a rule asks for the path, be it on trial or for an audit. */
  public boolean readsPaths() {
    return readsPaths;
  }

  /** Whether a rule that is in force asks for the path, which must have one meaning then. */
  public boolean enforcesPaths() {
    return enforcesPaths;
  }

  /** Whether a rule asks for the host, so that it is worth finding out. */
  public boolean readsHost() {
    return readsHost;
  }

  /**
   * Judges one HTTP request. A path with parameters is judged with and without them, since some
   * applications do not see them.
   */
  public Verdict request(Request request) {
    Verdict verdict = judge(request);
    return readsPaths
            && verdict instanceof Verdict.Allowed
            && NormalPath.hasParameters(request.path())
            && judge(request.withPath(NormalPath.withoutParameters(request.path())))
                instanceof Verdict.Denied denied
        ? denied
        : verdict;
  }

  private Verdict judge(Request request) {
    List<Mark> audits = audit.isEmpty() ? List.of() : marks(audit.all(request));
    if (!deny.isEmpty()) {
      CompiledGrant denied = deny.first(request);
      if (denied != null) {
        return denied(denied.mark, "it denies", shown(request.peer(), request), audits);
      }
    }
    CompiledGrant held = allow.isEmpty() ? null : allow.first(request);
    Verdict verdict = held != null ? held.allowed : unlisted(request.peer(), request, audits);
    if (verdict instanceof Verdict.Denied
        || (dryDeny.isEmpty() && dryNotAllowed == null && !isTryingDefault() && audits.isEmpty())) {
      return verdict;
    }
    Mark tripped = null;
    CompiledGrant wouldDeny = dryDeny.isEmpty() ? null : dryDeny.first(request);
    if (wouldDeny != null) {
      tripped = wouldDeny.mark;
    } else if (held == null && notAllowed == null) {
      tripped = wouldMiss(dryNotAllowed != null && dryAllow.first(request) != null);
    }
    return noted(verdict, audits, tripped);
  }

  /**
   * Judges a bare connection, which grants that ask for requests can never allow. Where the
   * service's own rule has such grants, it is refused: it was meant to be read.
   */
  public Verdict connection(Peer peer, int port) {
    List<Mark> audits = audit.isEmpty() ? List.of() : marks(audit.all(peer, port));
    CompiledGrant denied = deny.first(peer, port);
    if (denied != null) {
      return denied(denied.mark, "it denies", shown(peer), audits);
    }
    if (readsRequests && notAllowed != null) {
      return new Verdict.Denied(
          Verdict.Why.ACCESS,
          "the access rule of "
              + service
              + " names methods, paths or what else only requests have, so a connection whose"
              + " requests are not read is refused; declare the service's protocol as http, http2"
              + " or grpc",
          notAllowed,
          audits);
    }
    CompiledGrant held = allow.first(peer, port);
    Verdict verdict = held != null ? held.allowed : unlisted(peer, null, audits);
    if (verdict instanceof Verdict.Denied) {
      return verdict;
    }
    CompiledGrant wouldDeny = dryDeny.first(peer, port);
    Mark tripped = null;
    if (wouldDeny != null) {
      tripped = wouldDeny.mark;
    } else if (held == null && notAllowed == null) {
      tripped = wouldMiss(dryNotAllowed != null && dryAllow.first(peer, port) != null);
    }
    return noted(verdict, audits, tripped);
  }

  /** What becomes of a call that no grant allows. */
  private Verdict unlisted(Peer peer, @Nullable Request request, List<Mark> audits) {
    if (notAllowed != null) {
      return denied(notAllowed, "it does not allow", shown(peer, request), audits);
    }
    if (isForeign(peer)) {
      return unnamed(service, peer, audits);
    }
    // The mesh's default is for identities; whether others get in is said by the mode.
    if (enforced.allows() || (!enforced.ruled() && peer.id() == null)) {
      return enforced.ruled() ? new Verdict.Allowed(enforced.mark(), List.of()) : Verdict.OPEN;
    }
    return denied(enforced.mark(), "it does not allow", shown(peer, request), audits);
  }

  private boolean isForeign(Peer peer) {
    SpiffeId id = peer.id();
    return id != null && !id.trustDomain().equals(trustDomain);
  }

  /** What becomes of a caller of another trust domain that no grant names: no default is for it. */
  public static Verdict unnamed(String service, Peer peer, List<Mark> audits) {
    return new Verdict.Denied(
        Verdict.Why.ACCESS,
        "denied: no access rule of "
            + service
            + " names "
            + peer
            + ", which is of another trust domain; such callers need an allow with from ="
            + " \"spiffe://...\"",
        FOREIGN,
        audits);
  }

  private boolean isTryingDefault() {
    return tried.ruled() && !tried.mark().rule().equals(enforced.mark().rule()) && !tried.allows();
  }

  /** What a rule on trial would say of a call that no list speaks of; null where nothing. */
  private @Nullable Mark wouldMiss(boolean listed) {
    if (dryNotAllowed != null) {
      return listed ? null : dryNotAllowed;
    }
    return isTryingDefault() ? tried.mark() : null;
  }

  private static Verdict noted(Verdict verdict, List<Mark> audits, @Nullable Mark tripped) {
    if (audits.isEmpty() && tripped == null) {
      return verdict;
    }
    List<Mark> notes = new ArrayList<>(audits);
    if (tripped != null) {
      notes.add(tripped);
    }
    return new Verdict.Allowed(verdict.by(), notes);
  }

  private Verdict denied(Mark by, String how, String what, List<Mark> notes) {
    String rule =
        by.kind() == Mark.Kind.DENY && by.rule().equals(MESH_DEFAULT)
            ? MESH_DEFAULT + " = deny"
            : by.equals(notAllowed)
                ? "the access rule of " + service + (isOwn() ? "" : " (" + restricting + ")")
                : by.rule();
    return new Verdict.Denied(
        Verdict.Why.ACCESS, "denied by " + rule + ": " + how + " " + what, by, notes);
  }

  private boolean isOwn() {
    return restricting.indexOf(',') < 0
        && rules.stream()
            .anyMatch(r -> r.scope() instanceof Scope.Service && r.allow().isPresent());
  }

  private static List<Mark> marks(List<CompiledGrant> grants) {
    return grants.isEmpty() ? List.of() : grants.stream().map(grant -> grant.mark).toList();
  }

  private String shown(Peer peer, @Nullable Request request) {
    return request == null
        ? shown(peer)
        : shown(peer)
            + " with "
            + request.method()
            + " "
            + RequestPath.shown(RequestPath.of(request.path()));
  }

  private String shown(Peer peer) {
    return peer.name() != null && peer.id() != null && peer.id().trustDomain().equals(trustDomain)
        ? peer.name().toString()
        : peer.toString();
  }
}
