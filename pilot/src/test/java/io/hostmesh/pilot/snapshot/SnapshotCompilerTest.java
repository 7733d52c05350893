package io.hostmesh.pilot.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.BalancePolicy;
import io.hostmesh.api.v1.Endpoint;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.Limit;
import io.hostmesh.api.v1.LimitKey;
import io.hostmesh.api.v1.LimitPolicy;
import io.hostmesh.api.v1.Service;
import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.Sample;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.rules.RuleDocument;
import io.hostmesh.pilot.rules.RuleInForce;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SnapshotCompilerTest {
  private static final Instance V1 =
      Sample.instance("greeter", "h2", "g1", "10.0.0.2", 9001, Map.of("version", "v1"));
  private static final Instance V2 =
      Sample.instance("greeter", "h2", "g2", "10.0.0.2", 9002, Map.of("version", "v2"));

  private static SnapshotInputs inputs(
      List<Instance> instances, Entitlements entitlements, RuleInForce... rules) {
    SortedMap<ServiceName, List<InetAddress>> addresses = new TreeMap<>();
    addresses.put(ServiceName.of("greeter"), List.of(InetAddress.ofLiteral("241.0.0.9")));
    SortedMap<ServiceName, Protocol> protocols = new TreeMap<>();
    protocols.put(ServiceName.of("greeter"), Protocol.GRPC);
    return new SnapshotInputs(
        Sample.TERMS,
        instances,
        addresses,
        protocols,
        entitlements,
        List.of(rules),
        HeardIntentions.NONE,
        true);
  }

  private static RuleInForce rule(String text) {
    var rule = RuleParser.parse("test", text);
    return new RuleInForce(rule, new RuleDocument(rule.key().path(), text, 5), false);
  }

  private static Resource get(Snapshot snapshot, ResourceType type) {
    return snapshot.viewOf("any").get(type, "default/greeter").orElseThrow();
  }

  private static Endpoints endpoints(Snapshot snapshot) throws InvalidProtocolBufferException {
    return Endpoints.parseFrom(get(snapshot, ResourceType.ENDPOINTS).content());
  }

  @Test
  void onlyASignedEntitlementMakesAMember() throws Exception {
    Snapshot without = SnapshotCompiler.compile(inputs(List.of(V1), Entitlements.NONE));
    Endpoint stranger = endpoints(without).getEndpoints(0);
    assertThat(stranger.getMember()).isFalse();
    assertThat(stranger.getMeshAddress()).isEmpty();
    assertThat(without.problems()).singleElement().asString().contains("hostmesh node allow h2");

    Snapshot with =
        SnapshotCompiler.compile(
            inputs(List.of(V1), Sample.entitled(Map.of("h2", List.of("greeter")))));
    Endpoint member = endpoints(with).getEndpoints(0);
    assertThat(member.getMember()).isTrue();
    assertThat(member.getMeshAddress()).isEqualTo("10.0.0.2");
    assertThat(member.getMeshPort()).isEqualTo(15008);
    assertThat(member.getMetaMap()).containsExactly(Map.entry("version", "v1"));
    assertThat(with.problems()).isEmpty();
  }

  @Test
  void anInstanceStandsWhereItsHostDoes() throws Exception {
    Instance near =
        Sample.instance(
            "greeter",
            "h1",
            "g0",
            "10.0.0.1",
            9001,
            Map.of("hostmesh-region", "eu", "hostmesh-zone", "eu-1", "region", "us"));
    Snapshot snapshot = SnapshotCompiler.compile(inputs(List.of(near, V1), Entitlements.NONE));
    assertThat(endpoints(snapshot).getEndpointsList())
        .extracting(Endpoint::getRegion, Endpoint::getZone)
        .containsExactly(tuple("eu", "eu-1"), tuple("", ""));
    assertThat(snapshot.problems().toString()).as("nobody asks").doesNotContain("stands");
  }

  @Test
  void whoStandsNowhereIsSaidWhereARulePrefersTheNear() throws Exception {
    String rule = "kind = upstream, service = greeter, locality { spill-over = 5%";
    Snapshot near =
        SnapshotCompiler.compile(
            inputs(List.of(V1, V2), Entitlements.NONE, rule(rule + ", prefer = region }")));
    assertThat(near.problems())
        .anySatisfy(
            problem ->
                assertThat(problem)
                    .contains("nobody says where g1 on h2 and 1 more stand")
                    .contains("node.region"));
    assertThat(
            UpstreamPolicy.parseFrom(get(near, ResourceType.UPSTREAM_POLICY).content())
                .getLocality()
                .getSpillOver())
        .isEqualTo(500);
    assertThat(
            SnapshotCompiler.compile(
                    inputs(List.of(V1), Entitlements.NONE, rule(rule + ", prefer = host }")))
                .problems()
                .toString())
        .as("the own host is known without a region")
        .doesNotContain("stands");
  }

  @Test
  void aServiceWithoutInstancesKeepsItsLineAndAnEmptyList() throws Exception {
    Snapshot snapshot = SnapshotCompiler.compile(inputs(List.of(), Entitlements.NONE));
    Service line = Service.parseFrom(get(snapshot, ResourceType.SERVICE).content());
    assertThat(line.getVirtualAddressesList()).containsExactly("241.0.0.9");
    assertThat(line.getProtocol()).isEqualTo(io.hostmesh.api.v1.Protocol.PROTOCOL_GRPC);
    assertThat(endpoints(snapshot).getEndpointsCount()).isZero();
  }

  @Test
  void onlyWhatChangedMoves() {
    Snapshot one = SnapshotCompiler.compile(inputs(List.of(V1), Entitlements.NONE));
    Instance web = Sample.instance("web", "h1", "w1");
    Snapshot two = SnapshotCompiler.compile(inputs(List.of(V1, web), Entitlements.NONE));
    assertThat(two.version()).isNotEqualTo(one.version());
    assertThat(get(two, ResourceType.ENDPOINTS).version())
        .isEqualTo(get(one, ResourceType.ENDPOINTS).version());
  }

  /** Of 1,000 services with a route, an upstream rule and a limit each. */
  @Test
  void aChangeOfOneRuleMovesThatOneResource() {
    List<RuleInForce> before = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      before.addAll(rulesOf("s" + i, "1s", "random", "10/s"));
    }
    Map<ResourceType, RuleInForce> changed =
        Map.of(
            ResourceType.ROUTE, rulesOf("s500", "2s", "random", "10/s").get(0),
            ResourceType.UPSTREAM_POLICY, rulesOf("s500", "1s", "round-robin", "10/s").get(1),
            ResourceType.LIMIT_POLICY, rulesOf("s500", "1s", "random", "20/s").get(2));
    Map<String, String> versions = versions(before);
    changed.forEach(
        (type, rule) -> {
          List<RuleInForce> after = new ArrayList<>(before);
          after.replaceAll(
              old -> old.document().path().equals(rule.document().path()) ? rule : old);
          Map<String, String> now = versions(after);
          assertThat(now).hasSameSizeAs(versions);
          assertThat(now.entrySet())
              .filteredOn(entry -> !entry.getValue().equals(versions.get(entry.getKey())))
              .extracting(Map.Entry::getKey)
              .containsExactly(type + " default/s500");
        });
  }

  private static List<RuleInForce> rulesOf(
      String service, String timeout, String policy, String rate) {
    return List.of(
        rule(
            "kind = route, service = %s, rules = [ { to = [ {} ], timeout = %s } ]"
                .formatted(service, timeout)),
        rule("kind = upstream, service = %s, balance { policy = %s }".formatted(service, policy)),
        rule(
            "kind = limit, service = %s, limits = [ { name = all, rate = \"%s\" } ]"
                .formatted(service, rate)));
  }

  private static Map<String, String> versions(List<RuleInForce> rules) {
    Snapshot snapshot =
        SnapshotCompiler.compile(
            inputs(List.of(V1, V2), Entitlements.NONE, rules.toArray(RuleInForce[]::new)));
    Map<String, String> versions = new TreeMap<>();
    for (ResourceType type : ResourceType.values()) {
      snapshot
          .all(type)
          .forEach((name, resource) -> versions.put(type + " " + name, resource.version()));
    }
    return versions;
  }

  @Test
  void theSameInputsGiveTheSameBytes() {
    Map<String, String> meta = new TreeMap<>(Collections.reverseOrder());
    for (int i = 0; i < 20; i++) {
      meta.put("k" + i, "v");
    }
    Instance a = Sample.instance("x", "h1", "i", "10.0.0.1", 80, meta);
    Instance b = Sample.instance("x", "h1", "i", "10.0.0.1", 80, new TreeMap<>(meta));
    assertThat(SnapshotCompiler.compile(inputs(List.of(a), Entitlements.NONE)).version())
        .isEqualTo(SnapshotCompiler.compile(inputs(List.of(b), Entitlements.NONE)).version());
  }

  @Test
  void accessPoliciesAreForNodesThatMayClaimTheService() {
    RuleInForce access = rule("kind = access, service = greeter, allow = [ { from = web } ]");
    Snapshot snapshot =
        SnapshotCompiler.compile(
            inputs(List.of(V1), Sample.entitled(Map.of("h2", List.of("greeter"))), access));
    assertThat(snapshot.viewOf("h2").get(ResourceType.ACCESS_POLICY, "default/greeter"))
        .isPresent();
    assertThat(snapshot.viewOf("h1").get(ResourceType.ACCESS_POLICY, "default/greeter")).isEmpty();
    assertThat(snapshot.viewOf("h1").all(ResourceType.ACCESS_POLICY)).isEmpty();
  }

  @Test
  void rulesOfANamespaceAndOfTheMeshGoToWhoHoldsAServiceInThem() throws Exception {
    RuleInForce space = rule("kind = access, service = \"default/*\", deny = [ { from = a } ]");
    RuleInForce mesh = rule("kind = mode, service = \"*/*\", mode = permissive");
    RuleInForce other = rule("kind = access, service = \"shop/*\", allow = []");
    Snapshot snapshot =
        SnapshotCompiler.compile(
            inputs(
                List.of(V1),
                Sample.entitled(Map.of("h2", List.of("greeter"))),
                space,
                mesh,
                other));
    assertThat(snapshot.viewOf("h2").all(ResourceType.ACCESS_POLICY)).containsOnlyKeys("default/*");
    assertThat(snapshot.viewOf("h2").all(ResourceType.MODE_POLICY)).containsOnlyKeys("*/*");
    assertThat(snapshot.viewOf("h1").all(ResourceType.MODE_POLICY)).isEmpty();
    AccessPolicy policy =
        AccessPolicy.parseFrom(
            snapshot
                .viewOf("h2")
                .get(ResourceType.ACCESS_POLICY, "default/*")
                .orElseThrow()
                .content());
    assertThat(policy.getWithoutAllow()).isTrue();
    assertThat(policy.getDeny(0).getFromList()).containsExactly("default/a");
  }

  @Test
  void anUpstreamRuleIsAResourceOfItsScopeForEveryNode() throws Exception {
    RuleInForce own = rule("kind = upstream, service = greeter, balance { policy = round-robin }");
    RuleInForce mesh = rule("kind = upstream, service = \"*/*\", balance { policy = random }");
    Snapshot snapshot = SnapshotCompiler.compile(inputs(List.of(V1), Entitlements.NONE, own, mesh));
    var policies = snapshot.viewOf("h1").all(ResourceType.UPSTREAM_POLICY);
    assertThat(policies).containsOnlyKeys("default/greeter", "*/*");
    UpstreamPolicy policy =
        UpstreamPolicy.parseFrom(Objects.requireNonNull(policies.get("default/greeter")).content());
    assertThat(policy.getBalance().getPolicy()).isEqualTo(BalancePolicy.BALANCE_POLICY_ROUND_ROBIN);
    assertThat(policy.getRevision()).isNotEmpty();
  }

  @Test
  void limitsGoToWhoHoldsTheService() throws Exception {
    RuleInForce limits =
        rule(
            """
            kind = limit, service = greeter
            limits = [
              {
                name = users, rate = "10/h", burst = 3, dry-run = true
                per = [ source, source-address, header x-user ]
              }
            ]
            """);
    Snapshot snapshot =
        SnapshotCompiler.compile(
            inputs(List.of(V1), Sample.entitled(Map.of("h2", List.of("greeter"))), limits));
    assertThat(snapshot.viewOf("h1").all(ResourceType.LIMIT_POLICY)).isEmpty();
    Limit users =
        LimitPolicy.parseFrom(
                snapshot
                    .viewOf("h2")
                    .get(ResourceType.LIMIT_POLICY, "default/greeter")
                    .orElseThrow()
                    .content())
            .getLimits(0);
    assertThat(users.getName()).isEqualTo("users");
    assertThat(users.getCount()).isEqualTo(10);
    assertThat(users.getPeriodSeconds()).isEqualTo(3600);
    assertThat(users.getBurst()).isEqualTo(3);
    assertThat(users.getDryRun()).isTrue();
    assertThat(users.getPerList())
        .extracting(LimitKey::getKeyCase)
        .containsExactly(
            LimitKey.KeyCase.SOURCE, LimitKey.KeyCase.SOURCE_ADDRESS, LimitKey.KeyCase.HEADER);
  }

  /** Else an agent could open a service for a moment, knowing whom to let in but not to ask. */
  @Test
  void tokensAuthorisersAndAccessRulesOfOneScopeAreOneResource() throws Exception {
    RuleInForce access = rule("kind = access, service = greeter, allow = [ { from = web } ]");
    RuleInForce tokens =
        rule(
            "kind = authentication, service = greeter, required = true\n"
                + "jwt = [ { issuer = login, jwks { file = /etc/jwks.json } } ]");
    RuleInForce external =
        rule("kind = external-authorization, service = greeter, address = \"127.0.0.1:9000\"");
    RuleInForce space =
        rule("kind = external-authorization, service = \"default/*\", authoriser = authz");
    Snapshot snapshot =
        SnapshotCompiler.compile(
            inputs(
                List.of(V1),
                Sample.entitled(Map.of("h2", List.of("greeter"))),
                tokens,
                access,
                external,
                space));
    var policies = snapshot.viewOf("h2").all(ResourceType.ACCESS_POLICY);
    assertThat(policies).containsOnlyKeys("default/greeter", "default/*");
    AccessPolicy own =
        AccessPolicy.parseFrom(Objects.requireNonNull(policies.get("default/greeter")).content());
    assertThat(own.getWithoutAllow()).isFalse();
    assertThat(own.getAllowCount()).isEqualTo(1);
    assertThat(own.getAuthentication().getRequired()).isTrue();
    assertThat(own.getAuthentication().getJwt(0).getJwksFile()).isEqualTo("/etc/jwks.json");
    assertThat(own.getExternal().getAddress()).isEqualTo("127.0.0.1:9000");
    AccessPolicy wide =
        AccessPolicy.parseFrom(Objects.requireNonNull(policies.get("default/*")).content());
    assertThat(wide.getWithoutAllow()).isTrue();
    assertThat(wide.getExternal().getService()).isEqualTo("default/authz");
  }

  @Test
  void whoIsCalledInPlaintextIsSaidByTheNarrowestMode() throws Exception {
    Entitlements entitled = Sample.entitled(Map.of("h2", List.of("greeter")));
    RuleInForce space = rule("kind = mode, service = \"default/*\", mode = disabled");
    RuleInForce port = rule("kind = mode, service = greeter, ports { 9001 = strict }");

    Snapshot snapshot = SnapshotCompiler.compile(inputs(List.of(V1, V2), entitled, space, port));

    assertThat(endpoints(snapshot).getEndpointsList())
        .extracting(Endpoint::getPort, Endpoint::getMember, Endpoint::getPlaintext)
        .containsExactly(tuple(9001, true, false), tuple(9002, true, true));
  }

  @Test
  void instancesThatDisagreeOnTheProtocolAreReported() throws Exception {
    Instance tcp =
        new Instance("g3", V1.service(), "h3", "10.0.0.3", 9003, Protocol.TCP, Map.of(), true);
    Snapshot snapshot = SnapshotCompiler.compile(inputs(List.of(V1, V2, tcp), Entitlements.NONE));
    assertThat(snapshot.problems().toString()).contains("different protocols");
    assertThat(Service.parseFrom(get(snapshot, ResourceType.SERVICE).content()).getProtocol())
        .isEqualTo(io.hostmesh.api.v1.Protocol.PROTOCOL_HTTP);
  }

  @Test
  void anInstanceWithoutAProtocolAgreesWithAll() throws Exception {
    Instance silent =
        new Instance("g0", V1.service(), "h0", "10.0.0.9", 9009, Protocol.AUTO, Map.of(), true);
    Snapshot snapshot = SnapshotCompiler.compile(inputs(List.of(silent, V1), Entitlements.NONE));
    assertThat(snapshot.problems().toString()).doesNotContain("protocols");
    assertThat(Service.parseFrom(get(snapshot, ResourceType.SERVICE).content()).getProtocol())
        .isEqualTo(io.hostmesh.api.v1.Protocol.PROTOCOL_HTTP);
    snapshot = SnapshotCompiler.compile(inputs(List.of(silent), Entitlements.NONE));
    assertThat(Service.parseFrom(get(snapshot, ResourceType.SERVICE).content()).getProtocol())
        .isEqualTo(io.hostmesh.api.v1.Protocol.PROTOCOL_UNSPECIFIED);
  }

  @Test
  void anInstanceWithoutAnIpAddressIsLeftOutAndReported() throws Exception {
    Instance named = Sample.instance("greeter", "h4", "g4", "db.example", 1, Map.of());
    Snapshot snapshot =
        SnapshotCompiler.compile(inputs(new ArrayList<>(List.of(V1, named)), Entitlements.NONE));
    assertThat(endpoints(snapshot).getEndpointsCount()).isEqualTo(1);
    assertThat(snapshot.problems().toString()).contains("db.example");
  }
}
