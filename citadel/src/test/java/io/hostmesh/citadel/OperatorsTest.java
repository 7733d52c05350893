package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminClient;
import io.hostmesh.runtime.admin.AdminRemote;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.OperatorIdentity;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Operators get certificates on an admin's word; they are good for citadel's admin door only. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class OperatorsTest {
  @TempDir Path folder;
  private Mesh mesh;

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder, "admin.listen = \"127.0.0.1:0\"");
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  private static JsonObject wish(String role, KeyPair pair) {
    return new JsonObject()
        .put("name", "ann")
        .put("role", role)
        .put("csr", Base64.getEncoder().encodeToString(Csr.of(pair)));
  }

  private OperatorIdentity operator(String role) {
    KeyPair pair = KeyPairs.generate();
    JsonObject answer = mesh.ask(HttpMethod.POST, "/v1/operators", wish(role, pair));
    Path files = folder.resolve(role);
    OperatorIdentity.write(
        files, pair.getPrivate(), answer.getString("chain"), answer.getString("roots"));
    return OperatorIdentity.read(files, mesh.clock.instant());
  }

  private AdminClient citadel(OperatorIdentity as) {
    return new AdminRemote(
        mesh.citadel.remoteAdmin().orElseThrow(), SpiffeId.Control.Role.CITADEL, as, mesh.clock);
  }

  @Test
  void anOperatorAsksFromElsewhereWithinItsRole() {
    OperatorIdentity viewer = operator("viewer");
    assertThat(viewer.id().uri()).isEqualTo("spiffe://hostmesh.local/operator/viewer/ann");
    assertThat(citadel(viewer).get("/v1/status", Mesh.LIMIT).getBoolean("ready")).isTrue();
    assertThatThrownBy(
            () -> citadel(viewer).ask("POST", "/v1/tokens", new JsonObject(), Mesh.LIMIT))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("needs admin");
    assertThat(
            citadel(operator("admin"))
                .ask("POST", "/v1/tokens", new JsonObject(), Mesh.LIMIT)
                .getString("token"))
        .isNotEmpty();
    assertThat(mesh.ask(HttpMethod.GET, "/v1/audit", new JsonObject()).getJsonArray("changes"))
        .extracting(change -> ((JsonObject) change).getString("object"))
        .contains("operator spiffe://hostmesh.local/operator/viewer/ann");
    assertThat(mesh.ask(HttpMethod.GET, "/v1/ledger", new JsonObject()).getJsonArray("list"))
        .extracting(entry -> ((JsonObject) entry).getString("event"))
        .contains("operator");
  }

  @Test
  void itsCertificateIsNoneForTheMesh() throws Exception {
    OperatorIdentity admin = operator("admin");
    assertThatThrownBy(
            () ->
                new AdminRemote(
                        mesh.citadel.listening(), SpiffeId.Control.Role.CITADEL, admin, mesh.clock)
                    .get("/v1/status", Mesh.LIMIT))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no trust between");
  }

  @Test
  void anExpiredOneAndAReadableKeyAreNamed() throws Exception {
    OperatorIdentity viewer = operator("viewer");
    Path files = folder.resolve("viewer");
    mesh.clock.advance(Duration.ofHours(13));
    assertThatThrownBy(() -> OperatorIdentity.read(files, mesh.clock.instant()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("expired at")
        .hasMessageContaining("hostmesh operator create ann --role viewer");
    assertThatThrownBy(() -> citadel(viewer).get("/v1/status", Mesh.LIMIT))
        .hasMessageContaining("no trust between");
    Files.setPosixFilePermissions(
        files.resolve("operator.key"), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> OperatorIdentity.read(files, mesh.clock.instant()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds a secret and has mode rw-r--r--");
  }

  @Test
  void wrongWishesAreRefusedInASentence() {
    KeyPair pair = KeyPairs.generate();
    assertThatThrownBy(() -> mesh.ask(HttpMethod.POST, "/v1/operators", wish("king", pair)))
        .hasMessageContaining("\"king\" is not one of admin, editor, viewer");
    assertThatThrownBy(
            () ->
                mesh.ask(HttpMethod.POST, "/v1/operators", wish("viewer", pair).put("ttl", "365d")))
        .hasMessageContaining("at most 90 days");
    assertThatThrownBy(
            () ->
                mesh.ask(HttpMethod.POST, "/v1/operators", wish("viewer", pair).put("csr", "AAAA")))
        .hasMessageContaining("csr");
  }
}
