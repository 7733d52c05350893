package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.tls.Svid;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vault's PKI engine signs citadel's intermediate; the fake does so with openssl. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class VaultTest {
  @TempDir Path folder;
  private FakeVault vault;
  private Path token;
  private Optional<Mesh> started = Optional.empty();

  @BeforeEach
  void begin() throws Exception {
    assumeTrue(OutsideCa.isThere(), "openssl is not on PATH");
    vault = new FakeVault(folder);
    token = folder.resolve("vault.token");
    write(FakeVault.TOKEN + "\n");
  }

  @AfterEach
  void end() {
    started.ifPresent(Mesh::close);
    if (vault != null) {
      vault.close();
    }
  }

  private void write(String text) throws Exception {
    Files.writeString(token, text);
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
  }

  private void start(String... more) throws Exception {
    Mesh made =
        new Mesh(
            folder,
            """
            ca { source = vault, root-file = "%s", curve = p384 }
            ca.vault { address = "%s", mount = pki_mesh, token-file = "%s", timeout = 5s }
            lifetime.intermediate = 90d
            %s
            """
                .formatted(vault.root(), vault.address(), token, String.join("\n", more)));
    started = Optional.of(made);
  }

  private Mesh mesh() {
    return started.orElseThrow();
  }

  private JsonObject status() {
    return mesh().ask(HttpMethod.GET, "/v1/ca", new JsonObject());
  }

  private String problem() {
    return status().getString("problem", "");
  }

  private String serial() {
    return status().getJsonArray("intermediates").getJsonObject(0).getString("serial");
  }

  private static Svid ready(NodeIdentity node) {
    return node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  @Test
  void itSignsAndRenewsByItself() throws Exception {
    vault.namespace = "team-a";
    start("ca.vault.namespace = team-a");
    Svid node = ready(mesh().node("h1", mesh().nodeToken()));
    assertThat(node.chain()).as("leaf, intermediate, Vault's issuer").hasSize(3);
    assertThat(node.leaf().getSigAlgName()).isEqualTo("SHA384withECDSA");
    assertThat(vault.signed.getFirst().getString("ttl")).isEqualTo("7776000s");
    assertThat(vault.signed.getFirst().getString("format")).isEqualTo("pem");
    String before = serial();

    mesh().citadel.close();
    mesh().citadel = mesh().startCitadel();
    assertThat(serial()).isEqualTo(before);
    assertThat(vault.signed).hasSize(1);

    vault.sealed = true;
    vault.daysAhead = 46;
    mesh().clock.advance(Duration.ofDays(46));
    Mesh.await("it says why there is no other", () -> problem().contains("cannot be renewed"));
    assertThat(problem()).contains("is sealed or in maintenance: Vault is sealed");
    assertThat(serial()).isEqualTo(before);
    vault.sealed = false;
    mesh().clock.advance(Duration.ofSeconds(21));
    Mesh.await("it is renewed", () -> !serial().equals(before));
    Mesh.await("all is well", () -> problem().isEmpty());
    assertThat(vault.signed).hasSize(2);
  }

  @Test
  void anIntermediateIsRotatedWithoutAnyonesHands() throws Exception {
    start();
    String before = serial();
    JsonObject step = new JsonObject().put("target", "intermediate");
    mesh().ask(HttpMethod.POST, "/v1/ca/rotate", step.copy().put("step", "prepare"));
    mesh().ask(HttpMethod.POST, "/v1/ca/rotate", step.copy().put("step", "activate"));
    assertThat(serial()).isNotEqualTo(before);
    assertThatThrownBy(() -> mesh().ask(HttpMethod.POST, "/v1/ca/csr", new JsonObject()))
        .hasMessageContaining("Vault signs");
  }

  @Test
  void itsTokenIsKeptAlive() throws Exception {
    start();
    Mesh.await("a first time", () -> vault.renewed.size() == 1);
    mesh().clock.advance(Duration.ofMinutes(31));
    Mesh.await("when half of its lease is over", () -> vault.renewed.size() == 2);
    vault.forbidding = true;
    mesh().clock.advance(Duration.ofMinutes(31));
    Mesh.await("it says why not", () -> problem().contains("the token of Vault is not renewed"));
    vault.forbidding = false;
    mesh().clock.advance(Duration.ofSeconds(21));
    Mesh.await("all is well", () -> problem().isEmpty());
  }

  @Test
  void whileVaultDoesNotSignCitadelWaitsAndSaysWhy() throws Exception {
    vault.sealed = true;
    start();
    assertThat(problem())
        .contains("citadel has no intermediate yet")
        .contains("is sealed or in maintenance: Vault is sealed");
    vault.sealed = false;
    mesh().clock.advance(Duration.ofSeconds(21));
    Mesh.await("it has one", () -> !status().getJsonArray("intermediates").isEmpty());
    ready(mesh().node("h1", mesh().nodeToken()));
  }

  @Test
  void aWrongTokenIsTold() throws Exception {
    write("hvs.wrong");
    start();
    assertThat(problem())
        .contains("does not take citadel's token for this")
        .contains("needs update on pki_mesh/root/sign-intermediate")
        .contains("permission denied")
        .doesNotContain("hvs.wrong")
        .doesNotContain("\n");
  }

  @Test
  void aTokenThatIsNoneOrThatAllCanReadIsNotSent() throws Exception {
    write("two\nlines");
    start();
    assertThat(problem()).contains("vault.token: is not one token");
    mesh().close();
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));
    start();
    assertThat(problem()).contains("chmod 600");
    mesh().close();
    Files.delete(token);
    start();
    assertThat(problem()).contains("vault.token: no such file");
  }

  @Test
  void anotherMountIsTold() throws Exception {
    start("ca.vault.mount = elsewhere");
    assertThat(problem())
        .contains("has nothing at elsewhere/root/sign-intermediate; check ca.vault.mount")
        .contains("no handler for route");
  }

  @Test
  void aVaultThatIsSilentOrAwayIsTold() throws Exception {
    vault.silent = true;
    start("ca.vault.timeout = 300ms");
    assertThat(problem()).contains("did not answer within 300 ms").doesNotContain("\n");
    mesh().close();
    vault.close();
    start("ca.vault.timeout = 2s");
    assertThat(problem()).contains("cannot be asked").contains("refused");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<html>a proxy</html>",
        "{}",
        "{\"data\":{}}",
        "{\"data\":{\"certificate\":\"\"}}",
        "{\"data\":{\"certificate\":7,\"ca_chain\":\"x\"}}",
        "[]"
      })
  void anAnswerThatIsNoCertificateIsTold(String answer) throws Exception {
    vault.broken = answer;
    start();
    assertThat(problem()).contains("Vault at").contains("answered with what is no");
  }

  @Test
  void whatItSignsIsJudgedBeforeItIsUsed() throws Exception {
    vault.extensions = "basicConstraints=critical,CA:false\nauthorityKeyIdentifier=keyid\n";
    start();
    assertThat(problem())
        .contains("the new intermediate: this intermediate cannot be used")
        .contains("it is no CA");
  }

  @Test
  void aRevocationDoesNotWaitForVault() throws Exception {
    start("ca.vault.timeout = 60s", "lifetime.node = 89d");
    ready(mesh().node("h1", mesh().nodeToken()));
    NodeIdentity other = mesh().node("h2", mesh().nodeToken());
    ready(other);
    vault.silent = true;
    mesh().clock.advance(Duration.ofDays(46));
    Mesh.await("citadel asks Vault", () -> vault.unanswered.get() > 0);
    mesh().ask(HttpMethod.POST, "/v1/revocations", new JsonObject().put("node", "h1"));
    Mesh.await(
        "all know, while it waits", () -> other.roots().orElseThrow().denied().sequence() > 0);
    assertThat(vault.unanswered.get()).isEqualTo(1);
    vault.close();
  }
}
