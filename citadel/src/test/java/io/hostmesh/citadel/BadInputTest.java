package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.IssueRequest;
import io.hostmesh.api.v1.RenewRequest;
import io.hostmesh.citadel.authority.RootKey;
import io.hostmesh.citadel.issue.Asker;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.testing.BadCertificates;
import io.hostmesh.runtime.testing.BadCertificates.Bad;
import io.hostmesh.runtime.testing.Forged;
import io.hostmesh.runtime.testing.LogLines;
import io.hostmesh.runtime.testing.TlsKnock;
import io.hostmesh.runtime.tls.RefusedHandshakes;
import io.hostmesh.runtime.tls.Svid;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What no client of ours would send to citadel, on its real doors. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class BadInputTest {
  private static final SpiffeId H1 = new SpiffeId.Node("hostmesh.local", "h1");
  private static final String PAYMENTS = "spiffe://hostmesh.local/ns/default/dc/dc1/svc/payments";

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

  private Forged.Issuer root() throws Exception {
    Path phrase = folder.resolve("citadel").resolve("passphrase");
    return RootKey.of(folder.resolve("citadel"), phrase);
  }

  private static boolean isLetIn(int port, String protocol, Bad bad) throws Exception {
    return TlsKnock.isLetIn(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        bad.chain(),
        bad.keys(),
        protocol,
        Optional.empty());
  }

  /** Whoever has expired is let in to renew, and gets nothing else; see the next one. */
  @Test
  void noBadCertificateOpensTheDoorAndTheLogSaysWhy() throws Exception {
    int port = mesh.citadel.listening().port();
    try (LogLines log = LogLines.of(RefusedHandshakes.class)) {
      assertThat(isLetIn(port, "h2", BadCertificates.good(root(), H1))).isTrue();
      for (Bad bad : BadCertificates.below(root(), H1)) {
        if (bad.signs() && !bad.name().equals("expired")) {
          assertThat(isLetIn(port, "h2", bad)).as(bad.name()).isFalse();
        }
      }
      assertThat(log.all())
          .hasSizeGreaterThan(10)
          .anyMatch(line -> line.contains("127.0.0.1:" + port) && line.contains("holds from"));
    }
  }

  @Test
  void whoHasExpiredGetsNoServicesCertificate() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    Svid svid = node.ready().timeout(20, TimeUnit.SECONDS).await();
    mesh.allow("h1", "web");
    Asker late = Asker.of(svid.chain(), node.roots().orElseThrow(), svid.notAfter().plusSeconds(1));

    assertThatThrownBy(() -> mesh.citadel.desk().issue(issue(Csr.of(KeyPairs.generate())), late))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("expired at")
        .hasMessageContaining("a clock is wrong");
  }

  private static IssueRequest issue(byte[] csr) {
    return IssueRequest.newBuilder()
        .setNamespace("default")
        .setService("web")
        .setCsr(ByteString.copyFrom(csr))
        .build();
  }

  private static byte[] asking(KeyPair pair, String... uris) throws Exception {
    ExtensionsGenerator wishes = new ExtensionsGenerator();
    wishes.addExtension(Extension.subjectAlternativeName, false, Forged.uris(uris));
    return new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic())
        .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, wishes.generate())
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
        .getEncoded();
  }

  /** For a key of RSA with 1,024 bits. */
  private static byte[] weak() throws Exception {
    KeyPair pair = Forged.keys("RSA", 1024);
    return new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic())
        .build(new JcaContentSignerBuilder("SHA256withRSA").build(pair.getPrivate()))
        .getEncoded();
  }

  /** Whatever a request says: no certificate, and no line in the ledger that looks like one. */
  @Test
  void requestsForOthersNamesWithWeakKeysOrWrongProofsGetNothing() throws Exception {
    NodeIdentity node = mesh.node("h1", mesh.nodeToken());
    Svid svid = node.ready().timeout(20, TimeUnit.SECONDS).await();
    mesh.allow("h1", "web");
    Asker asker = Asker.of(svid.chain(), node.roots().orElseThrow(), mesh.clock.instant());
    KeyPair pair = KeyPairs.generate();
    KeyPair other = new KeyPair(KeyPairs.generate().getPublic(), pair.getPrivate());
    String web = "spiffe://hostmesh.local/ns/default/dc/dc1/svc/web";
    int before =
        mesh.ask(HttpMethod.GET, "/v1/ledger", new JsonObject()).getJsonArray("list").size();

    for (byte[] bad :
        List.of(
            asking(pair, PAYMENTS),
            asking(pair, web, PAYMENTS),
            Csr.of(other),
            weak(),
            new byte[100_000])) {
      assertThatThrownBy(() -> mesh.citadel.desk().issue(issue(bad), asker))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("the certificate request");
    }
    assertThatThrownBy(
            () ->
                mesh.citadel
                    .desk()
                    .renew(
                        RenewRequest.newBuilder()
                            .setCsr(
                                ByteString.copyFrom(
                                    asking(
                                        new KeyPair(svid.leaf().getPublicKey(), svid.key()),
                                        "spiffe://hostmesh.local/node/h2")))
                            .build(),
                        asker))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("asks for spiffe://hostmesh.local/node/h2");
    assertThat(mesh.ask(HttpMethod.GET, "/v1/ledger", new JsonObject()).getJsonArray("list"))
        .hasSize(before);
  }

  /** Only the authority's files were put back; the ledger knows what was done since. */
  @Test
  void anOlderStateThatWasPutBackInPartIsRefused() throws Exception {
    Path state = folder.resolve("citadel");
    JsonObject prepare = new JsonObject().put("target", "root").put("step", "prepare");
    mesh.ask(HttpMethod.POST, "/v1/ca/rotate", prepare);
    byte[] older = Files.readAllBytes(state.resolve("roots.pb"));
    mesh.ask(
        HttpMethod.POST,
        "/v1/ca/rotate",
        new JsonObject().put("target", "root").put("step", "retire"));
    mesh.citadel.close();
    byte[] newer = Files.readAllBytes(state.resolve("roots.pb"));
    Files.write(state.resolve("roots.pb"), older);

    assertThatThrownBy(mesh::startCitadel)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("have the roots number 2")
        .hasMessageContaining("tells of number 3")
        .hasMessageContaining("restore all files");
    assertThat(Files.readAllBytes(state.resolve("roots.pb"))).isEqualTo(older);

    Files.write(state.resolve("roots.pb"), newer);
    mesh.citadel = mesh.startCitadel();
  }
}
