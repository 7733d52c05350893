package io.hostmesh.citadel;

import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.TokenKind;
import io.hostmesh.citadel.attest.Alarms;
import io.hostmesh.citadel.attest.Nodes;
import io.hostmesh.citadel.attest.Tokens;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.federation.Federation;
import io.hostmesh.citadel.issue.Entitlements;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.identity.JoinToken;
import io.hostmesh.runtime.metrics.Readiness;
import io.hostmesh.runtime.tls.Pem;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** Citadel's door for operators of its host: tokens, entitlements, nodes, ledger, status. */
final class CitadelAdmin {
  private static final Duration LONGEST_TOKEN = Duration.ofDays(30);
  private static final int MOST_ENTRIES = 1000;

  /** Kinds of tokens as operators write them. */
  private enum Kind {
    NODE(TokenKind.TOKEN_KIND_NODE),
    PILOT(TokenKind.TOKEN_KIND_PILOT);

    private final TokenKind wire;

    Kind(TokenKind wire) {
      this.wire = wire;
    }

    String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final CitadelConfig config;
  private final InstantSource clock;
  private final Authority authority;
  private final Tokens tokens;
  private final Nodes nodes;
  private final Entitlements entitlements;
  private final Alarms alarms;
  private final OperatorDesk operators;
  private final Ledger ledger;
  private final Readiness readiness;
  private final Offload offload;
  private final CaAdmin authorities;
  private final Federation federation;

  CitadelAdmin(
      CitadelConfig config,
      InstantSource clock,
      Authority authority,
      Tokens tokens,
      Nodes nodes,
      Entitlements entitlements,
      Alarms alarms,
      OperatorDesk operators,
      Ledger ledger,
      Readiness readiness,
      Offload offload,
      CaAdmin authorities,
      Federation federation) {
    this.config = config;
    this.clock = clock;
    this.authority = authority;
    this.tokens = tokens;
    this.nodes = nodes;
    this.entitlements = entitlements;
    this.alarms = alarms;
    this.operators = operators;
    this.ledger = ledger;
    this.readiness = readiness;
    this.offload = offload;
    this.authorities = authorities;
    this.federation = federation;
  }

  void addTo(AdminServer server) {
    server
        .change(
            HttpMethod.POST,
            "/v1/tokens",
            OperatorRole.ADMIN,
            request -> work(() -> createToken(request)))
        .change(
            HttpMethod.POST,
            "/v1/entitlements",
            OperatorRole.ADMIN,
            request -> work(() -> entitle(request)))
        .change(
            HttpMethod.POST,
            "/v1/operators",
            OperatorRole.ADMIN,
            request -> work(() -> operators.create(body(request), request)))
        .read("/v1/nodes", _ -> work(this::nodes))
        .read("/v1/entitlements", _ -> work(this::entitlements))
        .read("/v1/ledger", request -> work(() -> ledger(request)))
        .read("/v1/status", _ -> work(this::status))
        .read("/v1/bundle", _ -> work(this::bundle))
        .read("/v1/ca", _ -> work(authorities::status))
        .change(
            HttpMethod.POST,
            "/v1/ca/rotate",
            OperatorRole.ADMIN,
            request -> work(() -> authorities.rotate(body(request), operator(request))))
        .change(
            HttpMethod.POST,
            "/v1/ca/sign",
            OperatorRole.ADMIN,
            request -> work(() -> authorities.sign(body(request), operator(request))))
        .change(
            HttpMethod.POST,
            "/v1/ca/csr",
            OperatorRole.ADMIN,
            request -> work(() -> authorities.request(operator(request))))
        .change(
            HttpMethod.POST,
            "/v1/ca/install",
            OperatorRole.ADMIN,
            request -> work(() -> authorities.install(body(request), operator(request))))
        .read("/v1/revocations", _ -> work(authorities::revocations))
        .change(
            HttpMethod.POST,
            "/v1/revocations",
            OperatorRole.ADMIN,
            request -> work(() -> authorities.revoke(body(request), operator(request))))
        .change(
            HttpMethod.POST,
            "/v1/revocations/undo",
            OperatorRole.ADMIN,
            request -> work(() -> authorities.undo(body(request), operator(request))));
  }

  /** What citadel refuses an operator can mend: it is shown as a mistake, not as a failure. */
  private Future<JsonObject> work(Callable<JsonObject> answer) {
    return offload
        .call(answer)
        .recover(
            failure ->
                Future.failedFuture(
                    failure instanceof Refusal refusal
                        ? new UserError(String.valueOf(refusal.getMessage()), refusal)
                        : failure));
  }

  private JsonObject createToken(AdminServer.Request request) {
    Section wish = body(request);
    Kind kind = wish.choice("kind", Kind.class, Kind.NODE);
    Optional<String> node = wish.optionalValue("node", this::node);
    boolean replace = wish.bool("replace", false);
    Duration ttl = wish.duration("ttl", config.tokenLifetime());
    wish.end();
    if (kind == Kind.PILOT && (node.isPresent() || replace)) {
      throw wish.refuse("node", "a pilot's token names no node and replaces none");
    }
    if (ttl.isZero() || ttl.compareTo(LONGEST_TOKEN) > 0) {
      throw wish.refuse("ttl", "a token lives for more than 0 and at most 30 days");
    }
    Tokens.Created created =
        tokens.create(new Tokens.Wish(kind.wire, node, replace, ttl, operator(request)));
    request
        .note()
        .object("token " + created.token().id() + " for " + node.orElse(kind.text()))
        .after("until " + created.expires());
    JsonObject about =
        new JsonObject()
            .put("token", created.token().id())
            .put("kind", kind.text())
            .put("node", node.orElse(""))
            .put("replace", replace)
            .put("expires", created.expires().toString());
    ledger.append("token", about.copy().put("asker", operator(request)));
    return about.put("id", created.token().id()).put("token", created.token().text());
  }

  private JsonObject entitle(AdminServer.Request request) {
    Section wish = body(request);
    String node = wish.value("node", this::node);
    Set<ServiceName> allow = services(wish, "allow");
    Set<ServiceName> deny = services(wish, "deny");
    wish.end();
    if (allow.isEmpty() && deny.isEmpty()) {
      throw new UserError("nothing to do: give services to allow or to deny");
    }
    if (allow.stream().anyMatch(deny::contains)) {
      throw wish.refuse("deny", "names a service that allow names as well");
    }
    request.note().object("entitlement of " + node).before(version(node));
    Entitlement statement = entitlements.change(node, allow, deny, operator(request));
    request.note().after(String.valueOf(statement.getVersion()));
    JsonObject answer = json(statement);
    ledger.append("entitle", answer.copy().put("asker", operator(request)));
    return answer;
  }

  private String version(String node) {
    Entitlement before = entitlements.all().get(node);
    return before == null ? "none" : String.valueOf(before.getVersion());
  }

  private JsonObject nodes() {
    JsonArray list = new JsonArray();
    nodes
        .all()
        .forEach(
            (name, record) ->
                list.add(
                    new JsonObject()
                        .put("node", name)
                        .put("id", new SpiffeId.Node(authority.trustDomain(), name).uri())
                        .put("key", record.getKey())
                        .put("joined", time(record.getSignedAtEpochSecond()))
                        .put("token", record.getTokenId())
                        .put("address", record.getAddress())
                        .put("attested", record.getAttested())));
    return new JsonObject().put("nodes", list);
  }

  private JsonObject entitlements() {
    JsonArray list = new JsonArray();
    entitlements.all().values().forEach(statement -> list.add(json(statement)));
    JsonObject refused = new JsonObject();
    entitlements.alarms().forEach(refused::put);
    return new JsonObject().put("entitlements", list).put("refused", refused);
  }

  private JsonObject ledger(AdminServer.Request request) {
    int count;
    try {
      count = Integer.parseInt(request.query().getOrDefault("last", "20"));
    } catch (NumberFormatException e) {
      throw new UserError("last is a number of entries", e);
    }
    if (count < 0 || count > MOST_ENTRIES) {
      throw new UserError("last is within 0 to " + MOST_ENTRIES);
    }
    JsonArray entries = new JsonArray();
    ledger.last(count).forEach(entries::add);
    return ledgerState().put("list", entries);
  }

  private JsonObject ledgerState() {
    JsonObject state =
        new JsonObject()
            .put("entries", ledger.chain().entries())
            .put("head", ledger.chain().head())
            .put("intact", ledger.problem().isEmpty());
    ledger.problem().ifPresent(problem -> state.put("problem", problem));
    return state;
  }

  private JsonObject status() {
    JsonObject problems = new JsonObject();
    readiness.problems().forEach(problems::put);
    JsonObject refused = new JsonObject();
    entitlements.alarms().forEach(refused::put);
    return new JsonObject()
        .put("trustDomain", authority.trustDomain())
        .put("listen", config.listen().toString())
        .put("ready", problems.isEmpty())
        .put("problems", problems)
        .put("rootUntil", authority.root().getNotAfter().toInstant().toString())
        .put(
            "intermediateUntil",
            authority
                .signing()
                .map(certificate -> certificate.getNotAfter().toInstant().toString())
                .orElse("none yet"))
        .put("nodes", nodes.all().size())
        .put("refusedEntitlements", refused)
        .put("alarms", alarms())
        .put("federation", federated())
        .put("rootSha256", rootSha256())
        .put("ledger", ledgerState())
        .put("time", clock.instant().toString());
  }

  /** What is known of each domain that is followed. */
  private JsonObject federated() {
    JsonObject domains = new JsonObject();
    federation
        .states()
        .forEach(
            (domain, state) -> {
              JsonObject json = new JsonObject().put("endpoint", state.endpoint());
              state.sequence().ifPresent(sequence -> json.put("bundle", sequence));
              state.problem().ifPresent(problem -> json.put("problem", problem));
              domains.put(domain, json);
            });
    return domains;
  }

  private JsonArray alarms() {
    JsonArray list = new JsonArray();
    for (Alarms.Alarm alarm : alarms.recent()) {
      list.add(
          new JsonObject()
              .put("kind", alarm.kind().text())
              .put("about", alarm.about())
              .put("from", alarm.from())
              .put("text", alarm.text())
              .put("first", alarm.first().toString())
              .put("last", alarm.last().toString())
              .put("count", alarm.count()));
    }
    return list;
  }

  /** For hosts that join without a token, which would name it. */
  private String rootSha256() {
    try {
      return JoinToken.fingerprint(authority.root());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("the root cannot be encoded", e);
    }
  }

  private JsonObject bundle() {
    try {
      return new JsonObject()
          .put("trustDomain", authority.trustDomain())
          .put("sequence", authority.roots().sequence())
          .put("pem", Pem.encode(authority.roots().roots()));
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("the root cannot be encoded", e);
    } catch (CertificateException e) {
      throw new IllegalStateException("the root cannot be read", e);
    }
  }

  private static JsonObject json(Entitlement statement) {
    JsonArray services = new JsonArray();
    Entitlements.services(statement).forEach(service -> services.add(service.full()));
    return new JsonObject()
        .put("node", statement.getNode())
        .put("services", services)
        .put("version", statement.getVersion())
        .put("signedAt", time(statement.getSignedAtEpochSecond()))
        .put("operator", statement.getOperator());
  }

  /** JSON is HOCON, and a Section refuses what it does not know. */
  private static Section body(AdminServer.Request request) {
    String text = request.body().toString();
    return Section.parse("the request", text.isBlank() ? "{}" : text);
  }

  private static Set<ServiceName> services(Section wish, String key) {
    try {
      return wish.strings(key).stream().map(ServiceName::parse).collect(Collectors.toSet());
    } catch (IllegalArgumentException e) {
      throw wish.refuse(key, String.valueOf(e.getMessage()));
    }
  }

  private String node(String name) {
    return new SpiffeId.Node(authority.trustDomain(), name).node();
  }

  private static String operator(AdminServer.Request request) {
    return request.caller().text();
  }

  private static String time(long epochSecond) {
    return Instant.ofEpochSecond(epochSecond).toString();
  }
}
