package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.registry.Entry;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A root and an intermediate are replaced while nodes are up, and nobody is left behind. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RotationTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final String ROOTS = "hostmesh/authority/roots";

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

  private static Svid ready(NodeIdentity node) {
    return node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  private JsonObject rotate(String target, String step, boolean force) {
    return mesh.ask(
        HttpMethod.POST,
        "/v1/ca/rotate",
        new JsonObject().put("target", target).put("step", step).put("force", force));
  }

  private JsonObject status() {
    return mesh.ask(HttpMethod.GET, "/v1/ca", new JsonObject());
  }

  private boolean strandsNobody(String step) {
    return status().getJsonObject(step).getJsonArray("strands").isEmpty();
  }

  private static boolean isUnder(Svid svid, TrustRoots roots, int root) {
    return KeyIds.authority(svid.chain().getLast()).equals(KeyIds.subject(roots.roots().get(root)));
  }

  /** Before the clock goes on: from then on it counts when the node renews. */
  private static void knowsWhatLeaves(NodeIdentity node) {
    Mesh.await(
        "the node to know what is on its way out",
        () -> !node.roots().orElseThrow().retiring().isEmpty());
  }

  @Test
  void aRootIsReplacedInThreeStepsAndEachWaitsForEveryone() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    ready(node);
    mesh.allow("h1", "web");
    String waiting = mesh.token(new JsonObject().put("ttl", "24h"));
    try (ServiceIdentities services =
        new ServiceIdentities(
            mesh.host, node, folder.resolve("services"), KeyPairs.Kind.P256, () -> true)) {
      services.services(Set.of(WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      Svid before = services.svid(WEB).orElseThrow();

      rotate("root", "prepare", false);
      Mesh.await("the node has both roots", () -> node.roots().orElseThrow().roots().size() == 2);
      assertThat(services.svid(WEB).orElseThrow().leaf()).isEqualTo(before.leaf());
      Mesh.await("citadel knows that it has them", () -> strandsNobody("activate"));
      assertThat(status().getJsonObject("activate").getJsonArray("needs").getString(0))
          .contains(waiting.substring(0, waiting.indexOf('.')))
          .contains("names the old root");

      rotate("root", "activate", false);
      assertThat(status().getString("phase")).isEqualTo("activated");
      assertThatThrownBy(() -> rotate("root", "retire", false))
          .hasMessageContaining("would strand")
          .hasMessageContaining("svc/web h1 uses a certificate of the old root");

      knowsWhatLeaves(node);
      // A tenth of the life, and the spread: an hour's certificate within ten minutes.
      mesh.clock.advance(Duration.ofMinutes(10));
      TrustRoots both = node.roots().orElseThrow();
      Mesh.await("web renewed early", () -> isUnder(services.svid(WEB).orElseThrow(), both, 1));
      mesh.clock.advance(Duration.ofHours(3));
      Mesh.await("so did the node", () -> isUnder(node.svid().orElseThrow(), both, 1));
      assertThat(SvidVerifier.verify(before.chain(), both, before.notBefore().plusSeconds(1)))
          .isEqualTo(before.id());
      Mesh.await("all statements are signed anew", () -> strandsNobody("retire"));

      rotate("root", "retire", false);
      Mesh.await("the node has one root", () -> node.roots().orElseThrow().roots().size() == 1);
      Mesh.await("web holds", () -> services.svid(WEB).isPresent());
      Svid after = services.svid(WEB).orElseThrow();
      assertThat(
              SvidVerifier.verify(after.chain(), node.roots().orElseThrow(), mesh.clock.instant()))
          .isEqualTo(after.id());
      assertThatThrownBy(
              () ->
                  SvidVerifier.verify(
                      before.chain(),
                      node.roots().orElseThrow(),
                      before.notBefore().plusSeconds(1)))
          .hasMessageContaining("not valid here");
    }
    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
    assertThat(status().getString("phase")).isEqualTo("steady");
    assertThat(status().getLong("sequence")).isEqualTo(4);
    ready(mesh.node("h2", mesh.nodeToken()));
    assertThat(mesh.ask(HttpMethod.GET, "/v1/entitlements", new JsonObject()).getString("refused"))
        .isEqualTo("{}");
  }

  @Test
  void aNodeThatIsAwayHoldsTheActivationUpByName() {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    ready(node);
    Mesh.await("it follows the bundle", () -> roots(0).getLong("heldBy") == 1);
    node.close();

    rotate("root", "prepare", false);
    assertThatThrownBy(() -> rotate("root", "activate", false))
        .hasMessageContaining("this would strand 1: node h1 does not have the new root yet")
        .hasMessageContaining("--force");
    assertThat(rotate("root", "activate", true).getJsonArray("stranded")).hasSize(1);
  }

  private JsonObject roots(int at) {
    return status().getJsonArray("roots").getJsonObject(at);
  }

  @Test
  void aPreparationIsTakenBack() {
    String first = roots(0).getString("fingerprint");
    rotate("root", "prepare", false);
    assertThatThrownBy(() -> rotate("root", "prepare", false))
        .hasMessageContaining("a rotation of the root is under way (prepared)");
    rotate("root", "retire", false);
    assertThat(status().getJsonArray("roots")).hasSize(1);
    assertThat(roots(0).getString("fingerprint")).isEqualTo(first);
    assertThatThrownBy(() -> rotate("root", "activate", false))
        .hasMessageContaining("no root was prepared");
    assertThatThrownBy(() -> rotate("root", "retire", false))
        .hasMessageContaining("no root is on its way out");
  }

  @Test
  void withTheRootsKeyAwayItSaysWhereToPutIt() throws Exception {
    Path key = folder.resolve("citadel/root.key");
    Path offline = java.nio.file.Files.move(key, folder.resolve("offline.key"));
    assertThatThrownBy(() -> rotate("root", "prepare", false))
        .hasMessageContaining("the root's key is not here: put " + key + " back");
    java.nio.file.Files.move(offline, key);
    assertThat(rotate("root", "prepare", false).getString("phase")).isEqualTo("prepared");
  }

  @Test
  void anIntermediateIsReplaced() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    Svid before = ready(node);
    assertThatThrownBy(() -> rotate("intermediate", "activate", false))
        .hasMessageContaining("no intermediate was prepared");

    rotate("intermediate", "prepare", false);
    JsonObject active = rotate("intermediate", "activate", false);
    assertThat(active.getJsonArray("intermediates"))
        .extracting(each -> ((JsonObject) each).getString("role"))
        .containsExactly("signs", "on its way out");
    knowsWhatLeaves(node);
    mesh.clock.advance(Duration.ofHours(5));
    Mesh.await(
        "the node renewed early",
        () -> !node.svid().orElseThrow().chain().get(1).equals(before.chain().get(1)));
    assertThat(rotate("intermediate", "retire", false).getJsonArray("intermediates")).hasSize(1);
  }

  @Test
  void aKvWriterCanNeitherAddARootNorTakeOneBack() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    ready(node);
    rotate("root", "prepare", false);
    byte[] prepared = entry().bytes();
    rotate("root", "activate", true);
    byte[] activated = entry().bytes();

    mesh.keyValue.put(ROOTS, prepared).get();
    Mesh.await("the roll-back is undone", () -> is(activated));
    mesh.keyValue.put(ROOTS, new byte[] {1, 2, 3}).get();
    Mesh.await("what is no statement is replaced", () -> is(activated));
    mesh.keyValue.delete(ROOTS).get();
    Mesh.await("the deletion is undone", () -> is(activated));
    assertThat(status().getString("phase")).isEqualTo("activated");
    assertThat(status().getJsonArray("roots")).hasSize(2);
  }

  private Entry entry() throws Exception {
    return mesh.keyValue.get(ROOTS).get().orElseThrow();
  }

  private boolean is(byte[] expected) {
    return mesh.keyValue
        .get(ROOTS)
        .join()
        .map(found -> java.util.Arrays.equals(found.bytes(), expected))
        .orElse(false);
  }
}
