package io.hostmesh.pilot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Endpoint;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.LeaseAsk;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.api.v1.MeshSettings;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.Service;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.LocalService;
import io.hostmesh.registry.RegisteringNode;
import io.hostmesh.registry.Registry;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.registry.ServiceRegistration;
import io.hostmesh.registry.testing.EmbeddedUnderTest;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.testing.BadCertificates;
import io.hostmesh.runtime.testing.LogLines;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.testing.TlsKnock;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.RefusedHandshakes;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pilot as a whole on the loopback address: a real registry, real TLS, an agent's end. */
@Timeout(180)
class PilotTest {
  private static final String GREETER = "default/greeter";
  private static final Duration SOON = Duration.ofSeconds(40);

  @TempDir Path folder;

  private final Vertx vertx =
      Vertx.builder().with(new VertxOptions().setPreferNativeTransport(true)).build();
  private final TestAuthority authority = new TestAuthority("hostmesh.local");
  private final List<AutoCloseable> open = new ArrayList<>();
  private final EmbeddedUnderTest consul = EmbeddedUnderTest.start();
  private final Registry registry =
      Registry.connect(RegistrySettings.at(consul.address()), RandomGenerator.getDefault());
  private @Nullable FixedIdentity identity;
  private int port;
  private int metricsPort;

  @BeforeEach
  void ports() throws IOException {
    port = freePort();
    metricsPort = freePort();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
    registry.close();
    consul.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private Pilot pilot(String... settings) throws InterruptedException {
    String text =
        """
        listen = "127.0.0.1:%d"
        metrics.listen = "127.0.0.1:%d"
        admin.socket = "%s"
        state-dir = "%s"
        registry { address = "%s", local-agent = no }
        mesh.mode = strict
        """
            .formatted(port, metricsPort, socket(), folder.resolve("state"), consul.address());
    PilotConfig config = PilotConfig.read(Section.parse("pilot.conf", text, List.of(settings)));
    Host host = new Host(vertx, Clock.systemUTC(), RandomGenerator.getDefault(), "test");
    SpiffeId id = new SpiffeId.Control("hostmesh.local", SpiffeId.Control.Role.PILOT);
    identity = new FixedIdentity(authority.issue(id), authority.roots());
    Pilot pilot = new Pilot(config, host, PilotState.own(config.stateDir()), identity);
    try {
      pilot.start();
    } catch (RuntimeException e) {
      pilot.close();
      throw e;
    }
    open.add(pilot);
    return pilot;
  }

  private Path socket() {
    return folder.resolve("pilot.sock");
  }

  private TestAgent agent(String node) throws Exception {
    return agent(node, new SpiffeId.Node("hostmesh.local", node));
  }

  private TestAgent agent(String node, SpiffeId id) throws Exception {
    Svid svid = authority.issue(id);
    TestAgent agent = new TestAgent(vertx, port, node, svid, authority.roots());
    open.add(agent);
    return agent;
  }

  private ServiceRegistration host(String node) {
    ServiceRegistration registration = registry.registration(new RegisteringNode(node, "10.9.0.1"));
    open.add(registration);
    return registration;
  }

  private static void register(ServiceRegistration host, String service, String id, String version)
      throws Exception {
    TreeMap<String, String> meta = new TreeMap<>();
    meta.put(Instance.META_MESH_PORT, "15008");
    meta.put("version", version);
    host.register(
            new LocalService(
                service + "-" + id,
                ServiceName.of(service),
                id,
                "10.9.0.1",
                8080,
                Protocol.HTTP,
                meta,
                List.of(),
                false))
        .get(10, TimeUnit.SECONDS);
  }

  private void entitle(String node, long version, String... services) {
    Entitlement entitlement =
        Entitlement.newBuilder()
            .setTrustDomain("hostmesh.local")
            .setNode(node)
            .addAllServices(List.of(services))
            .setVersion(version)
            .setSignedAtEpochSecond(Instant.now().getEpochSecond())
            .build();
    Svid citadel =
        authority.issue(new SpiffeId.Control("hostmesh.local", SpiffeId.Control.Role.CITADEL));
    registry
        .keyValue()
        .put(
            "hostmesh/entitlements/" + node,
            SignedStatements.sign(entitlement, citadel).toByteArray())
        .join();
  }

  private AdminSocket admin() {
    return new AdminSocket(socket(), "pilot");
  }

  private JsonObject ask(HttpMethod method, String path, JsonObject body) {
    return admin().ask(method.name(), path, body, SOON);
  }

  private JsonObject apply(String text) {
    return ask(HttpMethod.POST, "/v1/rules", files(text));
  }

  private static JsonObject files(String text) {
    return new JsonObject()
        .put(
            "files",
            new JsonArray().add(new JsonObject().put("name", "rule.conf").put("text", text)));
  }

  private static void eventually(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      Thread.onSpinWait();
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static String split(String subset) {
    return """
    kind = route, service = greeter
    subsets { v1 { version = v1 } }
    rules = [ { to = [ { subset = %s } ] } ]
    """
        .formatted(subset);
  }

  private void aMeshOfOneGreeter() throws Exception {
    register(host("h2"), "greeter", "g1", "v1");
    entitle("h2", 1, "default/greeter");
  }

  @Test
  void oneStateFolderHasOnePilot() throws Exception {
    Pilot first = pilot();

    assertThatThrownBy(this::pilot)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(folder.resolve("state") + " (state-dir): another pilot runs with it");
    first.close();
    PilotState.own(folder.resolve("state")).close();
  }

  @Test
  void agentsHearOfTheMeshAndOfEveryChange() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.MESH_SETTINGS);
    agent.subscribe(ResourceType.SERVICE);
    agent.subscribe(ResourceType.ENDPOINTS, GREETER, "default/nobody");

    eventually(
        "a virtual address",
        () ->
            agent
                .get(ResourceType.SERVICE, GREETER, Service.class)
                .filter(line -> line.getVirtualAddressesCount() == 2)
                .isPresent());
    assertThat(agent.get(ResourceType.MESH_SETTINGS, "mesh", MeshSettings.class))
        .hasValueSatisfying(
            mesh -> {
              assertThat(mesh.getTrustDomain()).isEqualTo("hostmesh.local");
              assertThat(mesh.getMode()).isEqualTo(Mode.MODE_STRICT);
              assertThat(mesh.getDefaultAllow()).isTrue();
            });
    Service line = agent.get(ResourceType.SERVICE, GREETER, Service.class).orElseThrow();
    assertThat(line.getVirtualAddresses(0)).startsWith("241.");
    assertThat(line.getAddressesList()).containsExactly("10.9.0.1:8080");
    eventually(
        "the endpoint",
        () -> agent.get(ResourceType.ENDPOINTS, GREETER, Endpoints.class).isPresent());
    Endpoint endpoint =
        agent.get(ResourceType.ENDPOINTS, GREETER, Endpoints.class).orElseThrow().getEndpoints(0);
    assertThat(endpoint.getMember()).isTrue();
    assertThat(endpoint.getMeshPort()).isEqualTo(15008);
    assertThat(endpoint.getHealthy()).isTrue();
    eventually("absence", () -> agent.isToldAbsent(ResourceType.ENDPOINTS, "default/nobody"));

    ServiceRegistration other = host("h3");
    register(other, "greeter", "g2", "v2");
    eventually("the second instance", () -> endpoints(agent) == 2);
    other.deregister("greeter-g2").get(10, TimeUnit.SECONDS);
    eventually("one instance again", () -> endpoints(agent) == 1);
  }

  @Test
  void aRevokedNodesStreamEndsAtOnceAndItGetsNoOther() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent good = agent("h1");
    Svid stolen = authority.issue(new SpiffeId.Node("hostmesh.local", "h2"));
    TestAgent bad = new TestAgent(vertx, port, "h2", stolen, authority.roots());
    open.add(bad);
    for (TestAgent agent : List.of(good, bad)) {
      agent.subscribe(ResourceType.ENDPOINTS, GREETER);
      eventually("the endpoint", () -> endpoints(agent) == 1);
    }
    TrustRoots roots = authority.roots();
    DenyList.Entry entry =
        new DenyList.Entry(
            "r1", Optional.of("h2"), Optional.empty(), Set.of(), "stolen", Instant.MAX);
    Objects.requireNonNull(identity)
        .trust(
            new TrustRoots(
                roots.trustDomain(),
                roots.roots(),
                roots.sequence(),
                new DenyList(1, List.of(entry)),
                Set.of()));
    eventually("the end of the stream", bad::isEnded);
    assertThatThrownBy(
            () -> bad.report(StatusReport.newBuilder().setNode("h2").build()),
            "the same connection")
        .hasStackTraceContaining("UNAUTHENTICATED");
    assertThat(good.isEnded()).isFalse();
  }

  @Test
  void everyChangeIsARevisionThatCanBeGoneBackTo() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    eventually("ready", this::isReady);
    String first = split("v1");
    String limit = "kind = upstream, service = greeter, balance { policy = round-robin }";
    apply(first);
    apply(first.replace("version = v1", "version = v1, zone = a"));
    apply(limit);
    assertThat(apply(limit).encode()).as("nothing changed, so no revision").contains("false");

    JsonObject list = ask(HttpMethod.GET, "/v1/rules/history", new JsonObject());
    assertThat(list.getJsonArray("beside")).isEmpty();
    assertThat(
            list.getJsonArray("revisions").stream()
                .map(each -> ((JsonObject) each))
                .map(
                    each ->
                        each.getLong("revision")
                            + each.getJsonArray("changes").getJsonObject(0).getString("change")))
        .containsExactly("3+", "2~", "1+");
    assertThat(ask(HttpMethod.GET, "/v1/rules/history?revision=2", new JsonObject()).encode())
        .contains("-subsets { v1 { version = v1 } }", "+subsets { v1 { version = v1, zone = a } }");

    JsonObject dry = rollback(new JsonObject().put("to", "1").put("dry-run", true));
    assertThat(dry.getJsonArray("rules")).hasSize(2);
    assertThat(stored("upstream/default/greeter")).contains(limit);
    rollback(new JsonObject().put("to", "1"));
    assertThat(stored("route/default/greeter")).contains(first);
    assertThat(stored("upstream/default/greeter")).isEmpty();

    rollback(new JsonObject());
    assertThat(stored("upstream/default/greeter")).as("undone is undone").contains(limit);
    rollback(new JsonObject().put("to", "0").put("rule", "upstream/default/greeter"));
    assertThat(stored("upstream/default/greeter")).isEmpty();
    assertThat(stored("route/default/greeter")).isPresent();

    registry.keyValue().put("hostmesh/rules/route/default/greeter", bytes(first + "# me")).join();
    assertThat(ask(HttpMethod.GET, "/v1/rules/history", new JsonObject()).getJsonArray("beside"))
        .hasSize(1);
    assertThatThrownBy(() -> rollback(new JsonObject().put("to", "1")))
        .hasMessageContaining("changed beside hostmesh since: route greeter");
    rollback(new JsonObject().put("to", "1").put("force", true));
    assertThat(stored("route/default/greeter")).contains(first);
    assertThatThrownBy(() -> rollback(new JsonObject().put("to", "99")))
        .hasMessageContaining("cannot be gone back to: kept are 1 to 7");
  }

  private JsonObject rollback(JsonObject wish) {
    return ask(HttpMethod.POST, "/v1/rules/rollback", wish);
  }

  private Optional<String> stored(String path) {
    return registry.keyValue().get("hostmesh/rules/" + path).join().map(Entry::text);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Over the same mutual TLS as discovery; the rate is the rule's, whatever an agent says. */
  @Test
  void thePilotThatLeadsLeasesMeshWideLimitsToNodesOfTheService() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent agent = agent("h2");
    agent.subscribe(ResourceType.ENDPOINTS, GREETER);
    eventually("the service", () -> endpoints(agent) == 1);
    apply(quota("3600/h"));
    LeaseRequest wanted =
        LeaseRequest.newBuilder()
            .addAsks(
                LeaseAsk.newBuilder()
                    .setService(GREETER)
                    .setLimit("limit/default/greeter#quota")
                    .setWant(1)
                    .setDemandMilli(9_000))
            .build();
    eventually("a pilot that leads and a token", () -> granted(agent, wanted));
    assertThat(agent.lease(wanted).getGrants(0).getShareMilli()).isEqualTo(1_000);
    assertThat(agent("h1").lease(wanted).getGrants(0).getUnknown()).isTrue();
  }

  private static String quota(String rate) {
    return "kind = limit, service = greeter, limits = [ { name = quota, rate = \""
        + rate
        + "\", scope = mesh } ]";
  }

  private static boolean granted(TestAgent agent, LeaseRequest wanted) throws Exception {
    try {
      return agent.lease(wanted).getGrants(0).getGranted() == 1;
    } catch (ExecutionException _) {
      return false; // It does not lead yet.
    }
  }

  @Test
  void aServiceWithoutInstancesKeepsItsNameAddressAndProtocol() throws Exception {
    ServiceRegistration host = host("h2");
    register(host, "greeter", "g1", "v1");
    pilot();
    eventually("ready", this::isReady);
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.SERVICE);
    agent.subscribe(ResourceType.ENDPOINTS, GREETER);
    eventually("an address", () -> services().contains("241."));
    eventually("an endpoint", () -> endpoints(agent) == 1);
    host.deregister("greeter-g1").get(10, TimeUnit.SECONDS);
    eventually("none", () -> endpoints(agent) == 0);
    Service line = agent.get(ResourceType.SERVICE, GREETER, Service.class).orElseThrow();
    assertThat(line.getVirtualAddressesCount()).isEqualTo(2);
    assertThat(line.getProtocol()).isEqualTo(io.hostmesh.api.v1.Protocol.PROTOCOL_HTTP);
  }

  private static int endpoints(TestAgent agent) {
    return agent
        .get(ResourceType.ENDPOINTS, GREETER, Endpoints.class)
        .map(Endpoints::getEndpointsCount)
        .orElse(0);
  }

  @Test
  void aReturningAgentIsToldOnlyWhatDiffers() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent first = agent("h1");
    first.subscribe(ResourceType.ENDPOINTS, GREETER);
    eventually("the endpoint", () -> endpoints(first) == 1);
    TestAgent second = agent("h1");
    second.resume(ResourceType.ENDPOINTS, first, GREETER);
    second.subscribe(ResourceType.SERVICE);
    eventually(
        "the directory",
        () -> second.get(ResourceType.SERVICE, GREETER, Service.class).isPresent());
    assertThat(second.get(ResourceType.ENDPOINTS, GREETER, Endpoints.class)).isEmpty();
  }

  @Test
  void rulesAreAppliedShownComparedAndDeleted() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent agent = agent("h2");
    agent.subscribe(ResourceType.ROUTE, GREETER);
    agent.subscribe(ResourceType.ACCESS_POLICY, GREETER);
    eventually("ready", this::isReady);
    eventually("known", () -> services().contains("greeter"));

    JsonObject diff = ask(HttpMethod.POST, "/v1/rules/diff", files(split("v1")));
    assertThat(diff.getJsonArray("rules").getJsonObject(0).getBoolean("new")).isTrue();
    JsonObject dry = ask(HttpMethod.POST, "/v1/rules?dry-run=true", files(split("v1")));
    assertThat(dry.getJsonArray("rules").getJsonObject(0).getBoolean("changed")).isTrue();
    assertThat(rules()).isEmpty();

    JsonObject applied = apply(split("v1"));
    assertThat(applied.getJsonArray("agents-waiting")).isEmpty();
    // Applied means that the agents have it.
    assertThat(agent.get(ResourceType.ROUTE, GREETER, Route.class))
        .hasValueSatisfying(
            route -> {
              assertThat(route.getSubsetsList()).hasSize(1);
              assertThat(route.getRevision())
                  .isEqualTo(
                      applied.getJsonArray("rules").getJsonObject(0).getLong("revision") + "");
            });
    assertThat(apply(split("v1")).getJsonArray("rules").getJsonObject(0).getBoolean("changed"))
        .isFalse();

    apply("kind = access, service = greeter, allow = []");
    assertThat(agent.get(ResourceType.ACCESS_POLICY, GREETER, AccessPolicy.class)).isPresent();
    assertThat(rules()).hasSize(2);

    ask(HttpMethod.DELETE, "/v1/rules?kind=route&service=greeter", new JsonObject());
    assertThat(agent.get(ResourceType.ROUTE, GREETER, Route.class)).isEmpty();
    assertThatThrownBy(
            () -> ask(HttpMethod.DELETE, "/v1/rules?kind=route&service=greeter", new JsonObject()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("there is no rule route greeter");
  }

  private JsonArray rules() {
    return ask(HttpMethod.GET, "/v1/rules", new JsonObject()).getJsonArray("rules");
  }

  private String services() {
    return ask(HttpMethod.GET, "/v1/services", new JsonObject()).encode();
  }

  private JsonObject status() {
    return ask(HttpMethod.GET, "/v1/status", new JsonObject());
  }

  private boolean isReady() {
    return status().getBoolean("ready");
  }

  @Test
  void badRulesAreRefusedAndNothingIsHalfDone() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    eventually("ready", this::isReady);
    eventually("known", () -> services().contains("greeter"));
    assertThatThrownBy(() -> apply(split("v1").replace("= greeter", "= greetr")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("rule.conf:1: service: unknown service \"greetr\"")
        .hasMessageContaining("did you mean \"greeter\"?");
    assertThatThrownBy(() -> apply(split("v9")))
        .hasMessageContaining("rule.conf:3: rules[0].to[0].subset: unknown subset \"v9\"");
    JsonObject two = files(split("v1"));
    two.getJsonArray("files")
        .add(new JsonObject().put("name", "b.conf").put("text", "kind = access"));
    assertThatThrownBy(() -> ask(HttpMethod.POST, "/v1/rules", two)).hasMessageContaining("b.conf");
    assertThat(rules()).isEmpty();
    assertThatThrownBy(() -> ask(HttpMethod.POST, "/v1/rules", new JsonObject()))
        .hasMessageContaining("there is no rule in this");
  }

  @Test
  void aBadRuleThatComesThroughKvLeavesTheLastGoodOne() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.ROUTE, GREETER);
    eventually("ready", this::isReady);
    eventually("known", () -> services().contains("greeter"));
    apply(split("v1"));
    Route good = agent.get(ResourceType.ROUTE, GREETER, Route.class).orElseThrow();
    registry
        .keyValue()
        .put("hostmesh/rules/route/default/greeter", split("v7").getBytes(StandardCharsets.UTF_8))
        .join();
    eventually(
        "the problem is shown",
        () -> status().getJsonArray("problems").encode().contains("unknown subset"));
    assertThat(status().getJsonArray("problems").encode()).contains("stays in force");
    assertThat(agent.get(ResourceType.ROUTE, GREETER, Route.class)).contains(good);
    assertThat(rules().getJsonObject(0).getString("state")).isEqualTo("refused-last-good-stays");
  }

  @Test
  void onlyNodesGetInAndOnlyAsThemselves() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent impostor = agent("h1", new SpiffeId.Node("hostmesh.local", "h2"));
    impostor.subscribe(ResourceType.SERVICE);
    eventually("refused", impostor::isEnded);
    assertThat(impostor.received()).isZero();

    SpiffeId service = SpiffeId.Service.of("hostmesh.local", "dc1", ServiceName.of("greeter"));
    assertThatThrownBy(
            () -> {
              TestAgent workload = agent("h1", service);
              workload.subscribe(ResourceType.SERVICE);
              eventually("refused", workload::isEnded);
              throw new IllegalStateException("refused");
            })
        .satisfies(failure -> assertThat(failure).isInstanceOf(Exception.class));

    Svid stranger =
        new TestAuthority("hostmesh.local").issue(new SpiffeId.Node("hostmesh.local", "h1"));
    assertThatThrownBy(
            () -> {
              TestAgent agent = new TestAgent(vertx, port, "h1", stranger, authority.roots());
              agent.subscribe(ResourceType.SERVICE);
              eventually("refused", agent::isEnded);
              assertThat(agent.received()).isZero();
              throw new IllegalStateException("refused");
            })
        .isInstanceOf(Exception.class);
  }

  @Test
  void accessPoliciesGoOnlyWhereTheServiceMayRun() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent allowed = agent("h2");
    TestAgent other = agent("h1");
    eventually("ready", this::isReady);
    eventually("known", () -> services().contains("greeter"));
    apply("kind = access, service = greeter, allow = []");
    allowed.subscribe(ResourceType.ACCESS_POLICY, GREETER);
    other.subscribe(ResourceType.ACCESS_POLICY, GREETER);
    eventually(
        "the policy",
        () -> allowed.get(ResourceType.ACCESS_POLICY, GREETER, AccessPolicy.class).isPresent());
    eventually("no policy", () -> other.isToldAbsent(ResourceType.ACCESS_POLICY, GREETER));
    entitle("h1", 1, "default/greeter");
    eventually(
        "the policy as well",
        () -> other.get(ResourceType.ACCESS_POLICY, GREETER, AccessPolicy.class).isPresent());
  }

  @Test
  void anOlderEntitlementIsNoWayBack() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.ENDPOINTS, GREETER);
    eventually("member", () -> isMember(agent));
    entitle("h2", 3);
    eventually("no member", () -> endpoints(agent) == 1 && !isMember(agent));
    entitle("h2", 2, "default/greeter");
    eventually("shown", () -> status().getJsonArray("problems").encode().contains("is older than"));
    assertThat(isMember(agent)).isFalse();
  }

  private static boolean isMember(TestAgent agent) {
    return agent
        .get(ResourceType.ENDPOINTS, GREETER, Endpoints.class)
        .filter(it -> it.getEndpointsCount() > 0 && it.getEndpoints(0).getMember())
        .isPresent();
  }

  @Test
  void aRegistryThatComesBackEmptyWipesNothing() throws Exception {
    ServiceRegistration host = host("h2");
    register(host, "greeter", "g1", "v1");
    register(host, "greeter", "g2", "v2");
    register(host, "web", "w1", "v1");
    entitle("h2", 1, "default/greeter");
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.ENDPOINTS, GREETER);
    eventually("both", () -> endpoints(agent) == 2);
    eventually("ready", this::isReady);

    consul.stop();
    eventually("said", () -> !status().getJsonObject("registry").getBoolean("answers"));
    assertThat(isReady()).as("goes on with the last good snapshot").isTrue();
    open.remove(host);
    host.close();
    consul.startEmpty();
    eventually("held", () -> status().getJsonObject("catalog").getBoolean("holding"));
    assertThat(endpoints(agent)).isEqualTo(2);
    assertThat(status().getJsonArray("problems").encode()).contains("disappeared");
    assertThat(ask(HttpMethod.POST, "/v1/catalog/confirm", new JsonObject()).getInteger("removed"))
        .isEqualTo(3);
    eventually("gone", () -> endpoints(agent) == 0);
  }

  @Test
  void aRestartWhileTheRegistryIsAwayServesTheLastGoodInputs() throws Exception {
    aMeshOfOneGreeter();
    Pilot first = pilot();
    TestAgent before = agent("h1");
    before.subscribe(ResourceType.ENDPOINTS, GREETER);
    eventually("member", () -> isMember(before));
    eventually("ready", this::isReady);
    apply(split("v1"));
    open.remove(first);
    first.close();
    consul.stop();

    port = freePort();
    metricsPort = freePort();
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.ENDPOINTS, GREETER);
    agent.subscribe(ResourceType.ROUTE, GREETER);
    eventually("from disk", () -> isMember(agent));
    eventually(
        "the rule, too", () -> agent.get(ResourceType.ROUTE, GREETER, Route.class).isPresent());
    HttpResponse<String> readiness = readiness();
    assertThat(readiness.statusCode()).isEqualTo(503);
    assertThat(readiness.body()).contains("registry").contains(consul.address());
    assertThatThrownBy(() -> apply(split("v1").replace("v1", "v2")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no rule was changed");
  }

  private HttpResponse<String> readiness() throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + metricsPort + "/readyz")).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void pilotsAgreeOnVirtualAddressesAndARestartChangesNone() throws Exception {
    aMeshOfOneGreeter();
    Pilot first = pilot();
    eventually("ready", this::isReady);
    eventually("an address", () -> services().contains("241."));
    String before = services();
    open.remove(first);
    first.close();
    port = freePort();
    metricsPort = freePort();
    pilot("state-dir = \"" + folder.resolve("other") + "\"");
    eventually("ready", this::isReady);
    eventually("an address", () -> services().contains("241."));
    assertThat(services()).isEqualTo(before);
  }

  @Test
  void statusTellsOfEveryAgent() throws Exception {
    aMeshOfOneGreeter();
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.SERVICE);
    agent.report(
        StatusReport.newBuilder().setNode("h1").setVersion("9.9").addProblems("a problem").build());
    eventually("both nodes", () -> agents().size() == 2);
    eventually("synced", () -> agents().getJsonObject(0).getBoolean("synced", false));
    JsonObject h1 = agents().getJsonObject(0);
    assertThat(h1.getString("node")).isEqualTo("h1");
    assertThat(h1.getBoolean("connected")).isTrue();
    assertThat(h1.getString("version")).isEqualTo("9.9");
    assertThat(h1.getJsonArray("features")).contains("of-the-future");
    assertThat(h1.getJsonArray("problems")).containsExactly("a problem");
    JsonObject h2 = agents().getJsonObject(1);
    assertThat(h2.getString("node")).isEqualTo("h2");
    assertThat(h2.getBoolean("connected")).isFalse();
    agent.close();
    eventually("gone", () -> !agents().getJsonObject(0).getBoolean("connected"));
  }

  private JsonArray agents() {
    return ask(HttpMethod.GET, "/v1/agents", new JsonObject()).getJsonArray("agents");
  }

  @Test
  void anAddressInUseIsOneClearError() throws Exception {
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(taken.isBound()).isTrue();
      assertThatThrownBy(() -> pilot())
          .isInstanceOf(UserError.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + port + " (listen)");
    }
  }

  @Test
  void aFreshMeshIsServedOnceTheRegistryIsThere() throws Exception {
    consul.stop();
    pilot();
    TestAgent agent = agent("h1");
    agent.subscribe(ResourceType.MESH_SETTINGS);
    agent.subscribe(ResourceType.ENDPOINTS, GREETER);
    assertThat(readiness().statusCode()).isEqualTo(503);
    assertThatThrownBy(() -> apply(split("v1"))).hasMessageContaining("not heard all");
    assertThat(agent.received()).isZero();
    assertThat(agent.isToldAbsent(ResourceType.ENDPOINTS, GREETER)).isFalse();
    consul.startEmpty();
    eventually(
        "the settings",
        () -> agent.get(ResourceType.MESH_SETTINGS, "mesh", MeshSettings.class).isPresent());
    eventually("ready", () -> readiness().statusCode() == 200);
  }

  @Test
  void theAdminSocketAnswersMistakesWithOneLine() throws Exception {
    pilot();
    eventually("ready", this::isReady);
    assertThatThrownBy(() -> admin().ask("POST", "/v1/rules", new byte[] {'{'}, SOON))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the request is not");
    assertThatThrownBy(() -> ask(HttpMethod.DELETE, "/v1/rules?kind=x&service=y", new JsonObject()))
        .hasMessageContaining("is not a kind of rule");
  }

  /** What breaks a rule of certificates gets in nowhere, and the log says why. */
  @Test
  void noBadCertificateOpensItsDoor() throws Exception {
    pilot();
    SpiffeId h1 = new SpiffeId.Node("hostmesh.local", "h1");
    try (LogLines log = LogLines.of(RefusedHandshakes.class)) {
      assertThat(isLetIn(BadCertificates.good(authority.issuer(), h1))).isTrue();
      for (BadCertificates.Bad bad : BadCertificates.below(authority.issuer(), h1)) {
        if (bad.signs()) {
          assertThat(isLetIn(bad)).as(bad.name()).isFalse();
        }
      }
      SpiffeId web = new SpiffeId.Service("hostmesh.local", "default", "dc1", "web");
      assertThat(isLetIn(BadCertificates.good(authority.issuer(), web))).isFalse();
      assertThat(log.all())
          .hasSizeGreaterThan(10)
          .anyMatch(line -> line.contains("127.0.0.1:" + port) && line.contains("expired at"));
    }
  }

  private boolean isLetIn(BadCertificates.Bad bad) throws Exception {
    return TlsKnock.isLetIn(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        bad.chain(),
        bad.keys(),
        "h2",
        Optional.empty());
  }
}
