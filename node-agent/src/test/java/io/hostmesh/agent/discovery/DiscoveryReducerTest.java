package io.hostmesh.agent.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.Peer;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.BalancePolicy;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.Endpoint;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.ExternalAuthorization;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.api.v1.Limit;
import io.hostmesh.api.v1.LimitKey;
import io.hostmesh.api.v1.LimitPolicy;
import io.hostmesh.api.v1.MeshSettings;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.api.v1.ModePolicy;
import io.hostmesh.api.v1.Protocol;
import io.hostmesh.api.v1.RequestAuthentication;
import io.hostmesh.api.v1.Resource;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.api.v1.Service;
import io.hostmesh.api.v1.Target;
import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.Upstream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
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
import org.junit.jupiter.api.Test;

class DiscoveryReducerTest {
  private static final ServiceName GREETER = ServiceName.of("greeter");

  private static Resource resource(String name, String version, ResourceType type, Message body) {
    return Resource.newBuilder()
        .setName(name)
        .setVersion(version)
        .setResource(Any.newBuilder().setTypeUrl(type.typeUrl()).setValue(body.toByteString()))
        .build();
  }

  private static Resource service(String name, int port) {
    return resource(
        "default/" + name,
        "v" + port,
        ResourceType.SERVICE,
        Service.newBuilder()
            .setNamespace("default")
            .setName(name)
            .setDatacenter("dc1")
            .setProtocol(Protocol.PROTOCOL_HTTP)
            .addVirtualAddresses("241.0.0." + port % 250)
            .addAddresses("10.0.0.1:" + port)
            .addAddresses("[2001:db8::1]:" + port)
            .build());
  }

  private static DeltaDiscoveryResponse response(ResourceType type, Resource... resources) {
    return DeltaDiscoveryResponse.newBuilder()
        .setTypeUrl(type.typeUrl())
        .addAllResources(List.of(resources))
        .build();
  }

  private static DiscoveryState state(DeltaDiscoveryResponse... responses) {
    DiscoveryState state = DiscoveryState.EMPTY;
    for (DeltaDiscoveryResponse response : responses) {
      DiscoveryReducer.Step step = DiscoveryReducer.reduce(state, response);
      assertThat(step.refused()).isEmpty();
      state = step.state();
    }
    return state;
  }

  private static MeshView view(DiscoveryState state) {
    return CompiledView.EMPTY.next(state);
  }

  @Test
  void aServiceIsFoundByNameByVirtualAddressAndByInstanceAddress() {
    MeshView view = view(state(response(ResourceType.SERVICE, service("greeter", 80))));

    DirectoryEntry entry = view.byName(GREETER).orElseThrow();
    assertThat(view.byDestination(at("241.0.0.80", 12345))).contains(entry);
    assertThat(view.byDestination(at("10.0.0.1", 80))).contains(entry);
    assertThat(view.byDestination(at("2001:db8::1", 80))).contains(entry);
    assertThat(view.byDestination(at("10.0.0.1", 81))).isEmpty();
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  @Test
  void aMemberIsNeverLeftWithoutItsMeshAddress() {
    Endpoint.Builder endpoint =
        Endpoint.newBuilder()
            .setInstance("p80")
            .setNode("h1")
            .setAddress("10.0.0.1")
            .setPort(80)
            .setHealthy(true);
    Endpoints good =
        endpoints(endpoint.setMember(true).setMeshAddress("10.0.0.1").setMeshPort(15008));
    Endpoints bad = endpoints(endpoint.clearMeshAddress().clearMeshPort());
    DiscoveryState before =
        state(
            response(
                ResourceType.ENDPOINTS,
                resource("default/greeter", "1", ResourceType.ENDPOINTS, good)));

    DiscoveryReducer.Step step =
        DiscoveryReducer.reduce(
            before,
            response(
                ResourceType.ENDPOINTS,
                resource("default/greeter", "2", ResourceType.ENDPOINTS, bad)));

    assertThat(step.refused()).hasSize(1);
    assertThat(step.state()).isSameAs(before);
    assertThat(view(step.state()).endpoints(GREETER).orElseThrow().getFirst().mesh()).isPresent();
  }

  private static Endpoints endpoints(Endpoint.Builder endpoint) {
    return Endpoints.newBuilder()
        .setNamespace("default")
        .setService("greeter")
        .setDatacenter("dc1")
        .addEndpoints(endpoint)
        .build();
  }

  @Test
  void refusesARouteThatLeadsNowhere() {
    Route route =
        Route.newBuilder()
            .setNamespace("default")
            .setService("greeter")
            .addEntries(
                RouteEntry.newBuilder()
                    .addTargets(Target.newBuilder().setSubset("v1").setWeight(1)))
            .build();

    DiscoveryReducer.Step step =
        DiscoveryReducer.reduce(
            DiscoveryState.EMPTY,
            response(
                ResourceType.ROUTE, resource("default/greeter", "1", ResourceType.ROUTE, route)));

    assertThat(step.refused())
        .containsExactly("default/greeter: routes to the subset v1, which it does not define");
  }

  @Test
  void silenceDoesNotOpenAServiceAndAWordDoes() {
    assertThat(view(DiscoveryState.EMPTY).access(GREETER)).contains(AccessTable.UNHEARD);
    assertThat(view(state(without("default/greeter"))).access(GREETER))
        .as("a rule of the namespace or of the mesh may be on its way")
        .contains(AccessTable.UNHEARD);

    DiscoveryState said = state(without("default/greeter", "default/*", "*/*"));

    assertThat(view(said).access(GREETER)).isEmpty();
  }

  private static DeltaDiscoveryResponse without(String... policies) {
    return DeltaDiscoveryResponse.newBuilder()
        .setTypeUrl(ResourceType.ACCESS_POLICY.typeUrl())
        .addAllRemovedResources(List.of(policies))
        .build();
  }

  @Test
  void aGrantWithUnknownConditionsAllowsNothing() {
    UnknownFieldSet claims =
        UnknownFieldSet.newBuilder()
            .addField(
                99,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFromUtf8("admin"))
                    .build())
            .build();
    AccessPolicy policy =
        AccessPolicy.newBuilder()
            .setNamespace("default")
            .setService("greeter")
            .addAllow(Grant.newBuilder().addFrom("default/web").setUnknownFields(claims))
            .build();

    DiscoveryState heard =
        DiscoveryReducer.reduce(
                state(without("default/*", "*/*")),
                response(
                    ResourceType.ACCESS_POLICY,
                    resource("default/greeter", "1", ResourceType.ACCESS_POLICY, policy)))
            .state();

    assertThat(view(heard).access(GREETER).orElseThrow().connection(web(), 80))
        .isInstanceOf(Verdict.Denied.class);
  }

  private static Peer web() {
    return new Peer(
        Optional.of(SpiffeId.Service.of("hostmesh.local", "dc1", ServiceName.of("web"))),
        "10.0.0.1");
  }

  private static Resource policy(String namespace, String service, AccessPolicy.Builder policy) {
    return resource(
        namespace + "/" + service,
        "1",
        ResourceType.ACCESS_POLICY,
        policy.setNamespace(namespace).setService(service).build());
  }

  @Test
  void rulesOfTheNamespaceAndOfTheMeshHoldAServiceToo() {
    DiscoveryState heard =
        state(
            response(
                ResourceType.MESH_SETTINGS,
                resource(
                    "mesh",
                    "1",
                    ResourceType.MESH_SETTINGS,
                    MeshSettings.newBuilder()
                        .setTrustDomain("hostmesh.local")
                        .setDatacenter("dc1")
                        .build())));
    heard =
        DiscoveryReducer.reduce(
                heard,
                response(
                    ResourceType.ACCESS_POLICY,
                    policy(
                        "default",
                        "greeter",
                        AccessPolicy.newBuilder().addAllow(Grant.newBuilder())),
                    policy(
                        "*",
                        "*",
                        AccessPolicy.newBuilder()
                            .setWithoutAllow(true)
                            .addDeny(Grant.newBuilder().setName("no-web").addFrom("default/web")))))
            .state();
    heard = DiscoveryReducer.reduce(heard, without("default/*")).state();

    AccessTable table = view(heard).access(GREETER).orElseThrow();
    assertThat(table.connection(web(), 80).by().rule()).isEqualTo("access/*/*#no-web");
    assertThat(view(heard).access(GREETER).orElseThrow().rules()).hasSize(2);
  }

  @Test
  void whoIsAskedForEndUsersComesFromAllScopesAtOnce() {
    DiscoveryState heard =
        DiscoveryReducer.reduce(
                state(without("default/*")),
                response(
                    ResourceType.ACCESS_POLICY,
                    policy(
                        "default",
                        "greeter",
                        AccessPolicy.newBuilder()
                            .setWithoutAllow(true)
                            .setAuthentication(tokens("login", false))
                            .setExternal(
                                ExternalAuthorization.newBuilder().setAddress("127.0.0.1:9000"))),
                    policy(
                        "*",
                        "*",
                        AccessPolicy.newBuilder()
                            .setWithoutAllow(true)
                            .setAuthentication(tokens("staff", true))
                            .setExternal(ExternalAuthorization.getDefaultInstance()))))
            .state();

    assertThat(view(heard).access(GREETER)).isEmpty();
    AuthenticationRule rule = view(heard).authentication(GREETER).orElseThrow();
    assertThat(rule.required()).isTrue();
    assertThat(rule.issuers()).extracting(JwtIssuer::issuer).containsExactly("login", "staff");
    assertThat(view(heard).external(GREETER))
        .extracting(ExternalAuthorizationRule::authoriser)
        .containsExactly(new Authoriser.Address("127.0.0.1", 9000), new Authoriser.Nobody());
    assertThat(view(heard).keySets())
        .containsExactlyInAnyOrder(
            new JwtIssuer.Jwks.File("/login.json"), new JwtIssuer.Jwks.File("/staff.json"));
  }

  private static RequestAuthentication tokens(String issuer, boolean required) {
    return RequestAuthentication.newBuilder()
        .setRequired(required)
        .addJwt(
            io.hostmesh.api.v1.JwtIssuer.newBuilder()
                .setIssuer(issuer)
                .setJwksFile("/" + issuer + ".json")
                .setHeader("authorization"))
        .build();
  }

  @Test
  void theNarrowestModeDecidesPortByPort() {
    DiscoveryState heard =
        state(
            response(
                ResourceType.MODE_POLICY,
                resource(
                    "default/greeter",
                    "1",
                    ResourceType.MODE_POLICY,
                    ModePolicy.newBuilder()
                        .setNamespace("default")
                        .setService("greeter")
                        .putPorts(8080, Mode.MODE_DISABLED)
                        .build()),
                resource(
                    "default/*",
                    "1",
                    ResourceType.MODE_POLICY,
                    ModePolicy.newBuilder()
                        .setNamespace("default")
                        .setService("*")
                        .setMode(Mode.MODE_PERMISSIVE)
                        .build())));

    assertThat(view(heard).mode(GREETER, 8080)).isEqualTo(MeshMode.DISABLED);
    assertThat(view(heard).mode(GREETER, 80)).isEqualTo(MeshMode.PERMISSIVE);
    assertThat(view(DiscoveryState.EMPTY).mode(GREETER, 80)).isEqualTo(MeshMode.STRICT);
  }

  private static Resource upstream(String service, BalancePolicy policy) {
    String namespace = service.equals("*/*") ? "*" : "default";
    String name = service.equals("*/*") ? "*" : service;
    return resource(
        namespace + "/" + name,
        "1",
        ResourceType.UPSTREAM_POLICY,
        UpstreamPolicy.newBuilder()
            .setNamespace(namespace)
            .setService(name)
            .setBalance(io.hostmesh.api.v1.Balance.newBuilder().setPolicy(policy))
            .build());
  }

  private static Optional<io.hostmesh.model.rules.BalancePolicy> policy(MeshView view) {
    return view.upstream(GREETER).balance().flatMap(Balance::policy);
  }

  @Test
  void eachSectionOfAnUpstreamIsTheNarrowestAndStaysTheSameObjectWhileNothingChanges() {
    DeltaDiscoveryResponse.Builder nothingOwn =
        DeltaDiscoveryResponse.newBuilder()
            .setTypeUrl(ResourceType.UPSTREAM_POLICY.typeUrl())
            .addRemovedResources("default/greeter");
    DiscoveryState wide =
        state(
            response(
                ResourceType.UPSTREAM_POLICY, upstream("*/*", BalancePolicy.BALANCE_POLICY_RANDOM)),
            nothingOwn.build());
    assertThat(policy(view(wide))).contains(io.hostmesh.model.rules.BalancePolicy.RANDOM);

    CompiledView before = CompiledView.EMPTY.next(wide);
    DiscoveryState narrow =
        DiscoveryReducer.reduce(
                wide,
                response(
                    ResourceType.UPSTREAM_POLICY,
                    upstream("greeter", BalancePolicy.BALANCE_POLICY_ROUND_ROBIN)))
            .state();
    CompiledView after = before.next(narrow);
    assertThat(policy(after)).contains(io.hostmesh.model.rules.BalancePolicy.ROUND_ROBIN);

    CompiledView later =
        after.next(
            DiscoveryReducer.reduce(
                    narrow,
                    response(
                        ResourceType.UPSTREAM_POLICY,
                        upstream("web", BalancePolicy.BALANCE_POLICY_LEAST_REQUEST)))
                .state());
    assertThat(later.upstream(GREETER)).isSameAs(after.upstream(GREETER));
    assertThat(later.upstream(ServiceName.of("other"))).isSameAs(Upstream.NONE);
  }

  @Test
  void aBalancePolicyOfANewerPilotLeavesTheAgentsOwn() {
    Resource newer =
        resource(
            "default/greeter",
            "1",
            ResourceType.UPSTREAM_POLICY,
            UpstreamPolicy.newBuilder()
                .setNamespace("default")
                .setService("greeter")
                .setBalance(io.hostmesh.api.v1.Balance.newBuilder().setPolicyValue(99))
                .build());
    assertThat(policy(view(state(response(ResourceType.UPSTREAM_POLICY, newer))))).isEmpty();
  }

  @Test
  void limitsOfAllScopesAreJudgedAndThoseOfANewerPilotAreLeftOut() {
    DiscoveryState heard =
        state(
            response(
                ResourceType.LIMIT_POLICY,
                limits("greeter", limit("own").addPer(LimitKey.newBuilder().setHeader("x-user"))),
                limits("*", limit("wide"), limit("newer").addPer(LimitKey.newBuilder()))));

    LimitTable table = view(heard).limits(GREETER).orElseThrow();
    assertThat(table.rules().stream().flatMap(rule -> rule.limits().stream()))
        .extracting(limit -> limit.name() + " " + limit.shown())
        .containsExactly("own 9/m, burst 3, per header x-user", "wide 9/m, burst 3");
    assertThat(view(DiscoveryState.EMPTY).limits(GREETER)).isEmpty();
  }

  private static Limit.Builder limit(String name) {
    return Limit.newBuilder().setName(name).setCount(9).setPeriodSeconds(60).setBurst(3);
  }

  private static Resource limits(String service, Limit.Builder... limits) {
    LimitPolicy.Builder policy =
        LimitPolicy.newBuilder().setNamespace("default").setService(service);
    for (Limit.Builder limit : limits) {
      policy.addLimits(limit);
    }
    return resource("default/" + service, "1", ResourceType.LIMIT_POLICY, policy.build());
  }

  @Test
  void aModeOfANewerPilotIsTheStricterOne() {
    MeshSettings.Builder settings =
        MeshSettings.newBuilder().setTrustDomain("hostmesh.local").setDatacenter("dc1");

    assertThat(strict(settings.setMode(Mode.MODE_PERMISSIVE))).isFalse();
    assertThat(strict(settings.setMode(Mode.MODE_STRICT))).isTrue();
    assertThat(strict(settings.setModeValue(77))).isTrue();
  }

  private static boolean strict(MeshSettings.Builder settings) {
    return view(state(
            response(
                ResourceType.MESH_SETTINGS,
                resource("mesh", "1", ResourceType.MESH_SETTINGS, settings.build()))))
        .settings()
        .orElseThrow()
        .strict();
  }

  @Test
  void kindsOfANewerPilotAreIgnoredAndReported() {
    DiscoveryReducer.Step step =
        DiscoveryReducer.reduce(
            DiscoveryState.EMPTY,
            DeltaDiscoveryResponse.newBuilder().setTypeUrl("type.googleapis.com/x.Y").build());

    assertThat(step.state()).isSameAs(DiscoveryState.EMPTY);
    assertThat(step.refused()).isEmpty();
    assertThat(step.unknown()).hasSize(1);
  }

  @Test
  void whatTheDiskHoldsIsWhatWasReceived() throws IOException {
    DiscoveryState state =
        state(
            response(ResourceType.SERVICE, service("greeter", 80), service("web", 81)),
            DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(ResourceType.ROUTE.typeUrl())
                .addRemovedResources("default/greeter")
                .build());

    LastGood read = LastGood.decode(new LastGood(state, Set.of(GREETER)).encode()).orElseThrow();

    assertThat(read.used()).containsExactly(GREETER);
    assertThat(read.state().of(ResourceType.ROUTE)).isEqualTo(state.of(ResourceType.ROUTE));
    assertThat(read.state().of(ResourceType.SERVICE)).isEqualTo(state.of(ResourceType.SERVICE));
  }

  /** One thing that a pilot says about one service. */
  record Word(String name, int version, Kind kind) {
    enum Kind {
      GOOD,
      BAD,
      REMOVED
    }
  }

  @Provide
  Arbitrary<List<Word>> words() {
    return Combinators.combine(
            Arbitraries.of("a", "b", "c"),
            Arbitraries.integers().between(1, 200),
            Arbitraries.of(Word.Kind.class))
        .as(Word::new)
        .list()
        .ofMaxSize(30);
  }

  /** For each name, the last good word holds, however many bad ones follow. */
  @Property
  void theLastGoodWordHolds(@ForAll("words") List<Word> words) {
    DiscoveryState state = DiscoveryState.EMPTY;
    Map<String, String> expected = new HashMap<>();
    for (Word word : words) {
      String name = "default/" + word.name();
      DeltaDiscoveryResponse response =
          switch (word.kind()) {
            case GOOD -> {
              expected.put(name, "v" + word.version());
              yield response(ResourceType.SERVICE, service(word.name(), word.version()));
            }
            case BAD ->
                response(
                    ResourceType.SERVICE,
                    service(word.name(), word.version()).toBuilder()
                        .setResource(
                            Any.newBuilder()
                                .setTypeUrl(ResourceType.SERVICE.typeUrl())
                                .setValue(ByteString.copyFromUtf8("\u0001")))
                        .build());
            case REMOVED -> {
              expected.remove(name);
              yield DeltaDiscoveryResponse.newBuilder()
                  .setTypeUrl(ResourceType.SERVICE.typeUrl())
                  .addRemovedResources(name)
                  .build();
            }
          };
      DiscoveryReducer.Step step = DiscoveryReducer.reduce(state, response);
      assertThat(step.refused()).hasSize(word.kind() == Word.Kind.BAD ? 1 : 0);
      state = step.state();
      assertThat(DiscoveryReducer.reduce(state, response).state()).isSameAs(state);
    }
    Map<String, String> actual = new HashMap<>();
    state
        .of(ResourceType.SERVICE)
        .byName()
        .forEach((name, accepted) -> actual.put(name, accepted.version()));
    assertThat(actual).isEqualTo(expected);
    assertThat(view(state).directory()).hasSize(expected.size());
  }

  /** No bytes whatever throw. */
  @Property
  void anyBytesAreJudged(@ForAll ResourceType type, @ForAll String name, @ForAll byte[] bytes) {
    DiscoveryReducer.Step step =
        DiscoveryReducer.reduce(
            DiscoveryState.EMPTY,
            response(
                type,
                Resource.newBuilder()
                    .setName(name)
                    .setResource(
                        Any.newBuilder()
                            .setTypeUrl(type.typeUrl())
                            .setValue(ByteString.copyFrom(bytes)))
                    .build()));

    assertThat(step.state().of(type).byName().size() + step.refused().size()).isEqualTo(1);
  }
}
