package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.Svid;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The root is a company's, and openssl signs citadel's intermediate. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class OutsideRootTest {
  @TempDir Path folder;
  private OutsideCa company;
  private Mesh mesh;

  @BeforeEach
  void begin() throws Exception {
    assumeTrue(OutsideCa.isThere(), "openssl is not on PATH");
    company = new OutsideCa(folder, "company");
    mesh = new Mesh(folder, "ca { source = csr, root-file = \"" + company.root() + "\" }");
  }

  @AfterEach
  void end() {
    if (mesh != null) {
      mesh.close();
    }
  }

  private String csr() {
    return mesh.ask(HttpMethod.POST, "/v1/ca/csr", new JsonObject()).getString("csr");
  }

  private JsonObject install(String chain) {
    return mesh.ask(HttpMethod.POST, "/v1/ca/install", new JsonObject().put("chain", chain));
  }

  private JsonObject rotate(String target, String step) {
    return mesh.ask(
        HttpMethod.POST, "/v1/ca/rotate", new JsonObject().put("target", target).put("step", step));
  }

  private JsonObject status() {
    return mesh.ask(HttpMethod.GET, "/v1/ca", new JsonObject());
  }

  private static Svid ready(NodeIdentity node) {
    return node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  private static X509Certificate first(String pem) throws Exception {
    return Pem.certificates(pem).getFirst();
  }

  @Test
  void withoutAnIntermediateItSaysHowToGetOneAndSignsNothing() {
    JsonObject status = mesh.ask(HttpMethod.GET, "/v1/status", new JsonObject());
    assertThat(status.getBoolean("ready")).isFalse();
    assertThat(status.getJsonObject("problems").getString("intermediate"))
        .contains("hostmesh ca csr")
        .contains("hostmesh ca install");
    assertThat(status().getJsonArray("intermediates")).isEmpty();
    assertThatThrownBy(mesh::nodeToken)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("citadel has no intermediate yet");
    assertThatThrownBy(
            () -> install("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"))
        .hasMessageContaining("cannot be read");
    assertThatThrownBy(() -> rotate("root", "prepare"))
        .hasMessageContaining("the root is not this citadel's");
  }

  @Test
  void aRequestIsSignedElsewhereAndNodesTrustTheCompanysRoot() throws Exception {
    String csr = csr();
    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
    assertThat(publicKey(csr())).as("the same key after a restart").isEqualTo(publicKey(csr));
    String signed = company.sign(csr, 90);
    assertThat(install(signed + Files.readString(company.root())).getBoolean("signs")).isTrue();

    Svid node = ready(mesh.node("h1", mesh.nodeToken()));
    assertThat(node.chain()).contains(first(signed)).hasSize(2);
    assertThat(node.chain().getLast().getIssuerX500Principal().getName()).contains("CN=company");
    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
    assertThat(ready(mesh.node("h2", mesh.nodeToken())).chain()).contains(first(signed));
    assertThat(mesh.ask(HttpMethod.GET, "/v1/status", new JsonObject()).getJsonObject("problems"))
        .isEmpty();
  }

  private static byte[] publicKey(String csr) {
    return Csr.provenAuthorityKey(Pem.block(csr, "CERTIFICATE REQUEST").orElseThrow()).getEncoded();
  }

  @Test
  void theNextIntermediateIsSignedTheSameWay() throws Exception {
    install(company.sign(csr(), 90));
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    Svid before = ready(node);

    assertThatThrownBy(() -> rotate("intermediate", "prepare"))
        .hasMessageContaining("signed elsewhere")
        .hasMessageContaining("hostmesh ca csr");
    String next = company.sign(csr(), 90);
    assertThat(install(next).getBoolean("signs")).isFalse();
    assertThat(ready(node)).isEqualTo(before);
    rotate("intermediate", "activate");
    renewsEarly(node);
    assertThat(node.svid().orElseThrow().chain()).contains(first(next));
    rotate("intermediate", "retire");
  }

  private void renewsEarly(NodeIdentity node) {
    X509Certificate old = node.svid().orElseThrow().chain().get(1);
    Mesh.await(
        "the node to know what leaves", () -> !node.roots().orElseThrow().retiring().isEmpty());
    mesh.clock.advance(Duration.ofHours(5));
    Mesh.await(
        "the node renewed early", () -> !node.svid().orElseThrow().chain().get(1).equals(old));
  }

  @Test
  void theCompanysRootIsReplacedByTheFile() throws Exception {
    install(company.sign(csr(), 90));
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    ready(node);
    OutsideCa next = new OutsideCa(folder, "next");
    String before = Files.readString(company.root());
    roots(before + Files.readString(next.root()));
    Mesh.await("the node has both", () -> node.roots().orElseThrow().roots().size() == 2);

    install(next.sign(csr(), 90));
    rotate("intermediate", "activate");
    renewsEarly(node);
    Files.writeString(company.root(), before);
    mesh.citadel.close();
    assertThatThrownBy(mesh::startCitadel)
        .as("its intermediate is of the other one by now")
        .hasMessageContaining("is not signed by a root of hostmesh.local");
    roots(Files.readString(next.root()));
    Mesh.await("the node has the new one", () -> node.roots().orElseThrow().roots().size() == 1);
    assertThat(ready(mesh.node("h2", mesh.nodeToken())).chain().getLast().getIssuerX500Principal())
        .isEqualTo(first(Files.readString(next.root())).getSubjectX500Principal());
  }

  private void roots(String pem) throws Exception {
    Files.writeString(company.root(), pem);
    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
  }

  @Test
  void halfOfItsLifeBeforeTheEndItAsksForAnother() throws Exception {
    install(company.sign(csr(), 90));
    assertThat(status().containsKey("problem")).isFalse();
    mesh.clock.advance(Duration.ofDays(46));
    Mesh.await("it says so", () -> status().containsKey("problem"));
    assertThat(status().getString("problem"))
        .contains("the intermediate ends at")
        .contains("hostmesh ca csr");
  }

  @Test
  void whatCannotBeUsedIsRefusedWithTheReason() throws Exception {
    assertThatThrownBy(() -> install(company.sign(company.request(), 90)))
        .hasMessageContaining("nothing waits for an answer here: run \"hostmesh ca csr\" first");
    String csr = csr();
    String good = company.sign(csr, 90);
    OutsideCa other = new OutsideCa(folder, "other");
    OutsideCa low = company.below("low", 0);

    refused("", "holds no intermediate certificate");
    refused(Files.readString(company.root()), "holds no intermediate certificate");
    refused(company.sign(company.request(), 90), "its key is not the one that citadel asked for");
    refused(
        company.sign(csr, 90, "basicConstraints=CA:false\nkeyUsage=digitalSignature\n"),
        "it is no CA",
        "keyUsage has no keyCertSign");
    refused(other.sign(csr, 90), "it leads to no root of this mesh", "CN=other");
    refused(low.sign(csr, 90), "it leads to no root of this mesh", "CN=low");
    refused(
        low.sign(csr, 90) + Files.readString(low.root()),
        "what it signs is refused",
        "pathLenConstraint violated");
    mesh.clock.advance(Duration.ofDays(91));
    refused(good, "it expired at");

    assertThat(status().getJsonArray("intermediates")).isEmpty();
    assertThat(install(company.sign(csr, 300)).getBoolean("signs")).isTrue();
  }

  private void refused(String chain, String... words) {
    assertThatThrownBy(() -> install(chain))
        .isInstanceOf(UserError.class)
        .satisfies(
            failure -> assertThat(failure.getMessage()).contains(words).doesNotContain("\n"));
  }

  @Test
  void aFileThatHoldsNoRootIsRefusedAtTheStart() throws Exception {
    Path leaf =
        Files.writeString(
            folder.resolve("leaf.pem"),
            company.sign(company.request(), 9, "basicConstraints=CA:false\n"));
    assertThatThrownBy(() -> other(leaf)).hasMessageContaining("is no CA");
    Path low = company.below("low", 0).root();
    assertThatThrownBy(() -> other(low)).hasMessageContaining("not signed by its own key");
    Path nothing = Files.writeString(folder.resolve("empty.pem"), "");
    assertThatThrownBy(() -> other(nothing)).hasMessageContaining("holds no PEM certificate");
    assertThatThrownBy(() -> other(folder.resolve("absent.pem")))
        .hasMessageContaining("no such file");
  }

  private void other(Path root) throws Exception {
    try (Mesh second =
        new Mesh(folder.resolve("2"), "ca { source = csr, root-file = \"" + root + "\" }")) {
      assertThat(second).isNull();
    }
  }
}
