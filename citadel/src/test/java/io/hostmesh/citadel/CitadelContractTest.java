package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.registry.Entry;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.IdentityStatus;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Citadel and its clients over real gRPC and TLS on loopback. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class CitadelContractTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final String ENTITLEMENT = "hostmesh/entitlements/h1";

  @TempDir Path folder;
  private Mesh mesh;

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder);
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  private ServiceIdentities services(NodeIdentity node, String directory) {
    return new ServiceIdentities(
        mesh.host, node, folder.resolve(directory), KeyPairs.Kind.P256, () -> true);
  }

  private static Svid ready(NodeIdentity node) {
    return node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  @Test
  void aNodeJoinsAndItsAllowedServiceGetsACertificate() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    assertThat(ready(node).id().uri()).isEqualTo("spiffe://hostmesh.local/node/h1");
    try (ServiceIdentities services = services(node, "services")) {
      services.services(Set.of(WEB));
      Mesh.await("the refusal is recorded", () -> problem(services).isPresent());
      assertThat(problem(services).orElseThrow())
          .isEqualTo(
              "the node h1 is not entitled to the service web; an operator allows it with: "
                  + "hostmesh node allow h1 web");

      assertThat(mesh.allow("h1", "web").getLong("version")).isEqualTo(1);
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      Svid web = services.svid(WEB).orElseThrow();
      assertThat(web.id().uri()).isEqualTo("spiffe://hostmesh.local/ns/default/dc/dc1/svc/web");
      assertThat(SvidVerifier.verify(web.chain(), node.roots().orElseThrow(), mesh.clock.instant()))
          .isEqualTo(web.id());
      assertThat(problem(services)).isEmpty();
    }
    for (Path file : files()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .as(file.toString())
          .isEqualTo(file.endsWith("citadel.sock") ? "rw-rw-rw-" : "rw-------");
    }
    assertThat(mesh.ask(HttpMethod.GET, "/v1/ledger", new JsonObject()).getJsonArray("list"))
        .extracting(entry -> ((JsonObject) entry).getString("event"))
        .containsSequence("token", "join")
        .contains("entitle", "issue");
  }

  private static Optional<String> problem(ServiceIdentities services) {
    return Optional.ofNullable(services.status().get(WEB)).flatMap(IdentityStatus::problem);
  }

  private Iterable<Path> files() throws Exception {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> !Files.isDirectory(file)).toList();
    }
  }

  @Test
  void aTokenWorksOnceAndForOneMachine() {
    String token = mesh.nodeToken();
    ready(mesh.node("h1", token));
    assertThatThrownBy(() -> ready(mesh.node("h2", token)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was used already, by another machine")
        .hasMessageContaining("hostmesh token create");
  }

  @Test
  void wrongExpiredAndForeignTokensEachSaySo() {
    String token = mesh.nodeToken();
    String wrong = token.replaceFirst("\\.[0-9a-f]{64}\\.", "." + "0".repeat(64) + ".");
    assertThatThrownBy(() -> ready(mesh.node("h1", wrong)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is not one that this citadel knows");

    String expiring = mesh.token(new JsonObject().put("ttl", "10m"));
    mesh.clock.advance(Duration.ofMinutes(11));
    assertThatThrownBy(() -> ready(mesh.node("h2", expiring)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("expired at");

    String other = mesh.token(new JsonObject().put("node", "h9"));
    assertThatThrownBy(() -> ready(mesh.node("h3", other)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is for the node h9, not for h3");

    String pilot = mesh.token(new JsonObject().put("kind", "pilot"));
    assertThatThrownBy(() -> ready(mesh.node("h4", pilot)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is for a pilot");

    assertThatThrownBy(() -> ready(mesh.node("h5", "no-token-at-all")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("citadel.token: not a join token");
    assertThatThrownBy(() -> ready(mesh.node("h6", "")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("there is no join token");
  }

  @Test
  void aTokenOfAnotherRootKeepsTheHostFromTalkingToThisCitadel() {
    String token = mesh.nodeToken();
    String otherRoot = token.substring(0, token.lastIndexOf('.') + 1) + "ab".repeat(32);
    NodeIdentity node = mesh.node("h1", otherRoot);
    Mesh.await("the refusal is seen", () -> node.status().problem().isPresent());
    assertThat(node.status().problem().orElseThrow())
        .contains("does not lead to the root that the join token names");
    assertThat(mesh.ask(HttpMethod.GET, "/v1/nodes", new JsonObject()).getJsonArray("nodes"))
        .isEmpty();
  }

  @Test
  void anAddressThatIsDeadIsPassedOver() {
    SpiffeId id = new SpiffeId.Node("hostmesh.local", "h1");
    NodeIdentity node =
        mesh.node(
            id,
            "h1",
            mesh.nodeToken(),
            () -> true,
            List.of(new HostPort("127.0.0.1", 1), mesh.citadel.listening()));
    AtomicReference<TrustRoots> told = new AtomicReference<>();
    node.onRoots(told::set);
    assertThat(ready(node).id()).isEqualTo(id);
    Mesh.await("the roots are told", () -> told.get() != null);
  }

  @Test
  void aPilotJoinsWithItsOwnKindOfToken() {
    SpiffeId id = new SpiffeId.Control("hostmesh.local", SpiffeId.Control.Role.PILOT);
    NodeIdentity pilot =
        mesh.node(id, "pilot", mesh.token(new JsonObject().put("kind", "pilot")), () -> true);
    assertThat(ready(pilot).id()).isEqualTo(id);
  }

  @Test
  void aSecondMachineOfTheSameNameNeedsATokenThatSaysSo() {
    NodeIdentity first = mesh.node("h1", mesh.nodeToken());
    ready(first);
    SpiffeId id = new SpiffeId.Node("hostmesh.local", "h1");
    assertThatThrownBy(() -> ready(mesh.node(id, "second", mesh.nodeToken(), () -> true)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("belongs to another machine")
        .hasMessageContaining("--replace");

    String replacing = mesh.token(new JsonObject().put("node", "h1").put("replace", true));
    ready(mesh.node(id, "third", replacing, () -> true));
    mesh.clock.advance(Duration.ofHours(13));
    Mesh.await("the first is told", () -> first.status().problem().isPresent());
    assertThat(first.status().problem().orElseThrow()).contains("was replaced by another machine");
  }

  @Test
  void renewsAtHalfOfTheLifeWithTheSameKey() {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    Svid first = ready(node);
    mesh.clock.advance(Duration.ofHours(9));
    assertThat(node.svid().orElseThrow().leaf()).isEqualTo(first.leaf());
    mesh.clock.advance(Duration.ofHours(4));
    Mesh.await("renewed", () -> !node.svid().orElseThrow().leaf().equals(first.leaf()));
    assertThat(node.svid().orElseThrow().leaf().getPublicKey())
        .isEqualTo(first.leaf().getPublicKey());
  }

  @Test
  void comesBackByItselfAfterItsCertificateExpired() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    mesh.allow("h1", "web");
    ready(node);
    try (ServiceIdentities services = services(node, "services")) {
      services.services(Set.of(WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      mesh.citadel.close();
      mesh.clock.advance(Duration.ofDays(3));
      Mesh.await("web has none that holds", () -> services.svid(WEB).isEmpty());
      assertThat(node.problem().orElseThrow()).contains("expired at");
      assertThat(node.status().late()).isTrue();

      mesh.citadel = mesh.startCitadel();
      Mesh.await("the node holds again", () -> node.problem().isEmpty());
      Mesh.await("web holds again", () -> services.svid(WEB).isPresent());
    }
  }

  @Test
  void startsFromDiskAndASecondGenerationFollows() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    mesh.allow("h1", "web");
    Svid own = ready(node);
    SpiffeId id = own.id();
    try (ServiceIdentities services = services(node, "services")) {
      services.services(Set.of(WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());

      NodeIdentity second = mesh.node(id, "h1", "", () -> false);
      assertThat(second.svid().orElseThrow().leaf()).isEqualTo(own.leaf());
      assertThat(second.roots()).isEqualTo(node.roots());
      try (ServiceIdentities following =
          new ServiceIdentities(
              mesh.host, second, folder.resolve("services"), KeyPairs.Kind.P256, () -> false)) {
        following.services(Set.of(WEB));
        assertThat(following.svid(WEB).orElseThrow().leaf())
            .isEqualTo(services.svid(WEB).orElseThrow().leaf());
        mesh.clock.advance(Duration.ofMinutes(40));
        Mesh.await(
            "the first renews and the second follows",
            () ->
                following.svid(WEB).isPresent()
                    && following
                        .svid(WEB)
                        .orElseThrow()
                        .leaf()
                        .equals(services.svid(WEB).orElseThrow().leaf())
                    && following.svid(WEB).orElseThrow().notBefore().isAfter(own.notBefore()));
      }
    }
  }

  @Test
  void aForgedEntitlementIsRefusedAlarmedAndPutRight() {
    mesh.allow("h1", "web");
    byte[] good = mesh.keyValue.get(ENTITLEMENT).join().orElseThrow().bytes();
    for (byte[] forged : forgeries(good)) {
      mesh.keyValue.put(ENTITLEMENT, forged).join();
      Mesh.await(
          "citadel's own statement stands again",
          () ->
              java.util.Arrays.equals(
                  mesh.keyValue.get(ENTITLEMENT).join().orElseThrow().bytes(), good));
    }
    mesh.keyValue.delete(ENTITLEMENT).join();
    Mesh.await("what was deleted is back", () -> mesh.keyValue.get(ENTITLEMENT).join().isPresent());
  }

  private static Iterable<byte[]> forgeries(byte[] good) {
    try {
      SignedStatement statement = SignedStatement.parseFrom(good);
      ByteString more =
          Entitlement.parseFrom(statement.getPayload()).toBuilder()
              .addServices("default/payments")
              .build()
              .toByteString();
      return List.of(
          statement.toBuilder().setPayload(more).build().toByteArray(),
          statement.toBuilder().clearChain().build().toByteArray(),
          "nonsense".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aRolledBackEntitlementGivesNothingBack() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    ready(node);
    mesh.allow("h1", "web", "payments");
    Entry old = mesh.keyValue.get(ENTITLEMENT).join().orElseThrow();
    mesh.ask(
        HttpMethod.POST,
        "/v1/entitlements",
        new JsonObject().put("node", "h1").put("deny", "payments"));
    mesh.citadel.close();
    mesh.keyValue.put(ENTITLEMENT, old.bytes()).join();
    mesh.citadel = mesh.startCitadel();

    Mesh.await(
        "the newest statement stands again",
        () ->
            !java.util.Arrays.equals(
                mesh.keyValue.get(ENTITLEMENT).join().orElseThrow().bytes(), old.bytes()));
    try (ServiceIdentities services = services(node, "services")) {
      services.services(Set.of(ServiceName.of("payments"), WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      assertThat(services.svid(ServiceName.of("payments"))).isEmpty();
    }
  }

  @Test
  void servesWhatItKnowsWhileTheRegistryIsAwayAlsoAfterARestart() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    ready(node);
    mesh.allow("h1", "web");
    mesh.citadel.close();
    mesh.keyValue.away(true);
    mesh.citadel = mesh.startCitadel();
    JsonObject status = mesh.ask(HttpMethod.GET, "/v1/status", new JsonObject());
    assertThat(status.getBoolean("ready")).isFalse();
    assertThat(status.getJsonObject("problems").getString("registry")).contains("registry");
    try (ServiceIdentities services = services(node, "services")) {
      services.services(Set.of(WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
    }
    assertThatThrownBy(mesh::nodeToken)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("does not answer");
  }

  @Test
  void aTokenRolledBackInTheRegistryIsStillUsed() throws Exception {
    String token = mesh.nodeToken();
    String key = "hostmesh/tokens/" + token.substring(0, token.indexOf('.'));
    byte[] unused = mesh.keyValue.get(key).join().orElseThrow().bytes();
    ready(mesh.node("h1", token));
    mesh.citadel.close();
    mesh.keyValue.put(key, unused).join();
    mesh.citadel = mesh.startCitadel();
    assertThatThrownBy(() -> ready(mesh.node("h2", token)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was used already");
  }

  @Test
  void oneStateFolderHasOneCitadel() {
    assertThatThrownBy(mesh::startCitadel)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("another citadel runs with this state-dir");
  }

  @Test
  void operatorsMistakesAreRefusedInASentence() {
    assertThatThrownBy(() -> mesh.token(new JsonObject().put("kid", "node")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("did you mean \"kind\"?");
    assertThatThrownBy(() -> mesh.token(new JsonObject().put("ttl", "90d")))
        .hasMessageContaining("at most 30 days");
    assertThatThrownBy(() -> mesh.allow("H_1", "web")).hasMessageContaining("is not a name");
    assertThatThrownBy(() -> mesh.allow("h1", "we b")).hasMessageContaining("is not a name");
    assertThatThrownBy(() -> mesh.allow("h1")).hasMessageContaining("nothing to do");
  }
}
