package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.IdentityStatus;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who is revoked gets nothing more, and all nodes hear of it at once. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RevocationTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final String LIST = "hostmesh/revocations/list";

  @TempDir Path folder;
  private Mesh mesh;
  private NodeIdentity h1;
  private NodeIdentity h2;
  private ServiceIdentities services;

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder);
    h1 = mesh.node("h1", mesh.nodeToken());
    h2 = mesh.node("h2", mesh.nodeToken());
    ready(h1);
    ready(h2);
    mesh.allow("h1", "web");
    services =
        new ServiceIdentities(
            mesh.host, h1, folder.resolve("services"), KeyPairs.Kind.P256, () -> true);
    services.services(Set.of(WEB));
    Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
  }

  @AfterEach
  void end() {
    services.close();
    mesh.close();
  }

  private static Svid ready(NodeIdentity node) {
    return node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  private String revoke(JsonObject wish) {
    return mesh.ask(HttpMethod.POST, "/v1/revocations", wish).getString("name");
  }

  private void undo(String name) {
    mesh.ask(HttpMethod.POST, "/v1/revocations/undo", new JsonObject().put("name", name));
  }

  private Optional<String> refusal(Svid svid) {
    try {
      SvidVerifier.verify(svid.chain(), h2.roots().orElseThrow(), mesh.clock.instant());
      return Optional.empty();
    } catch (java.security.cert.CertificateException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private Optional<String> problem() {
    return Optional.ofNullable(services.status().get(WEB)).flatMap(IdentityStatus::problem);
  }

  @Test
  void aServiceIsRefusedByAllAndGetsNothingUntilThatIsUndone() {
    Svid web = services.svid(WEB).orElseThrow();
    String name =
        revoke(new JsonObject().put("service", "web").put("reason", "its key was published"));

    Mesh.await("another host refuses it", () -> refusal(web).isPresent());
    assertThat(refusal(web).orElseThrow())
        .endsWith("svc/web was revoked (" + name + ": its key was published)");
    Mesh.await("its own host drops it", () -> services.svid(WEB).isEmpty());
    Mesh.await("citadel says why", () -> problem().filter(p -> p.contains(name)).isPresent());
    assertThat(problem().orElseThrow())
        .contains("the service web was revoked")
        .contains("its key was published")
        .contains("hostmesh revoke undo " + name);

    undo(name);
    Mesh.await("it has one again", () -> services.svid(WEB).isPresent());
    assertThat(refusal(services.svid(WEB).orElseThrow())).isEmpty();
  }

  @Test
  void aNodeIsRefusedWithAllThatItsServicesHoldThere() {
    Svid web = services.svid(WEB).orElseThrow();
    Svid own = h1.svid().orElseThrow();
    String name = revoke(new JsonObject().put("node", "h1"));

    Mesh.await("another host refuses the node", () -> refusal(own).isPresent());
    assertThat(refusal(web).orElseThrow()).contains("was revoked (" + name + ")");
    Mesh.await("the node learns it", () -> h1.status().problem().isPresent());
    assertThat(h1.status().problem().orElseThrow()).contains("the node h1 was revoked (" + name);
    String token = mesh.token(new JsonObject().put("node", "h1").put("replace", true));
    assertThatThrownBy(() -> ready(mesh.node(own.id(), "thief", token, () -> true)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the node h1 was revoked");
  }

  @Test
  void aServiceOnOneNodeIsRevokedThereOnly() {
    mesh.allow("h2", "web");
    try (ServiceIdentities other =
        new ServiceIdentities(
            mesh.host, h2, folder.resolve("services2"), KeyPairs.Kind.P256, () -> true)) {
      other.services(Set.of(WEB));
      Mesh.await("web is on h2 as well", () -> other.svid(WEB).isPresent());
      Svid here = services.svid(WEB).orElseThrow();
      revoke(new JsonObject().put("service", "web").put("node", "h1"));

      Mesh.await("that of h1 is refused", () -> refusal(here).isPresent());
      assertThat(refusal(other.svid(WEB).orElseThrow())).isEmpty();
      assertThat(denied().deniesOn("h1", WEB)).isPresent();
      assertThat(denied().deniesOn("h2", WEB)).isEmpty();
      assertThat(denied().denies(WEB)).isEmpty();
      Mesh.await("h1 gets no other", () -> problem().isPresent());
      assertThat(problem().orElseThrow()).contains("the service web on h1 was revoked");
    }
  }

  @Test
  void aSingleCertificateIsReplacedAtOnce() {
    Svid web = services.svid(WEB).orElseThrow();
    revoke(
        new JsonObject()
            .put(
                "serial",
                web.leaf().getSerialNumber().toString(16).toUpperCase(java.util.Locale.ROOT)));

    Mesh.await("it is refused", () -> refusal(web).isPresent());
    Mesh.await(
        "web has another",
        () -> services.svid(WEB).map(other -> !other.leaf().equals(web.leaf())).orElse(false));
    assertThat(refusal(services.svid(WEB).orElseThrow())).isEmpty();
  }

  @Test
  void whatHasExpiredIsForgotten() {
    Svid web = services.svid(WEB).orElseThrow();
    revoke(new JsonObject().put("service", "web").put("node", "h1").put("for", "2h"));
    Mesh.await("it is refused", () -> refusal(web).isPresent());
    assertThat(denied().entries().getFirst().serials()).isNotEmpty();
    mesh.clock.advance(Duration.ofMinutes(70));
    Mesh.await(
        "no certificate needs to be denied",
        () -> denied().entries().stream().allMatch(entry -> entry.serials().isEmpty()));
    // Its neighbours would believe it otherwise.
    assertThat(denied().deniesOn("h1", WEB)).isPresent();
    assertThat(list()).hasSize(1);
    mesh.clock.advance(Duration.ofMinutes(60));
    Mesh.await("it is forgotten", () -> list().isEmpty());
    Mesh.await("by all", () -> denied().entries().isEmpty());
    Mesh.await("web has a certificate again", () -> services.svid(WEB).isPresent());
  }

  /** The deny list as another host has it. */
  private DenyList denied() {
    return h2.roots().orElseThrow().denied();
  }

  private io.vertx.core.json.JsonArray list() {
    return mesh.ask(HttpMethod.GET, "/v1/revocations", new JsonObject())
        .getJsonArray("revocations");
  }

  @Test
  void aKvWriterNeitherAddsNorRevivesOne() throws Exception {
    Svid web = services.svid(WEB).orElseThrow();
    String name = revoke(new JsonObject().put("service", "web"));
    byte[] revoked = mesh.keyValue.get(LIST).get().orElseThrow().bytes();
    undo(name);
    byte[] undone = mesh.keyValue.get(LIST).get().orElseThrow().bytes();

    mesh.keyValue.put(LIST, revoked).get();
    Mesh.await("the old list is replaced", () -> is(undone));
    assertThat(refusal(web)).isEmpty();
    mesh.keyValue.put(LIST, new byte[] {9}).get();
    Mesh.await("a forged one too", () -> is(undone));
    mesh.keyValue.delete(LIST).get();
    Mesh.await("and a deleted one", () -> is(undone));
  }

  private boolean is(byte[] expected) {
    return mesh.keyValue
        .get(LIST)
        .join()
        .map(found -> java.util.Arrays.equals(found.bytes(), expected))
        .orElse(false);
  }

  @Test
  void agentsRememberItOverARestart() {
    Svid web = services.svid(WEB).orElseThrow();
    revoke(new JsonObject().put("service", "web"));
    Mesh.await("it is refused", () -> refusal(web).isPresent());
    mesh.citadel.close();
    Mesh.await(
        "it is on disk",
        () -> {
          try (NodeIdentity again =
              mesh.node(h2.svid().orElseThrow().id(), "h2", "", () -> false)) {
            return !again.roots().orElseThrow().denied().entries().isEmpty();
          }
        });
  }

  @Test
  void requestsThatMeanNothingAreRefused() {
    assertThatThrownBy(() -> revoke(new JsonObject())).hasMessageContaining("revoke a node");
    assertThatThrownBy(() -> revoke(new JsonObject().put("serial", "xyz")))
        .hasMessageContaining("serial");
    assertThatThrownBy(() -> undo("r000000")).hasMessageContaining("there is no revocation");
  }
}
