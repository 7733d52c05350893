package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.MeshSni;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.testing.BadCertificates;
import io.hostmesh.runtime.testing.BadCertificates.Bad;
import io.hostmesh.runtime.testing.Forged;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.testing.TlsKnock;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.Svid;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Certificates that break a rule, shown in real handshakes at both ends of the mesh's road. */
@Timeout(120)
class BadCertificatesRoadTest {
  private static final SpiffeId SHOP = SpiffeId.Foreign.parse("spiffe://other.example/shop/1");

  private final TestMesh mesh = new TestMesh();
  private TcpApp app;
  private volatile boolean called;

  @BeforeEach
  void begin() throws IOException {
    app =
        TcpApp.http(
            _ -> {
              called = true;
              return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            });
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private boolean isLetIn(Bad bad) throws GeneralSecurityException {
    return TlsKnock.isLetIn(
        mesh.h2.meshAddress(),
        bad.chain(),
        bad.keys(),
        "hostmesh-h2/1",
        Optional.of(new MeshSni("f1", ServiceName.of("far"), "dc1", "test.local").host()));
  }

  @Test
  void noneOpensTheMeshPortAndTheLogSaysWhy() throws Exception {
    Forged.Issuer root = mesh.authority.issuer();
    assertThat(isLetIn(BadCertificates.good(root, TestMesh.id("web")))).isTrue();

    for (Bad bad : BadCertificates.below(root, TestMesh.id("web"))) {
      if (bad.signs()) {
        mesh.h2.log.clear();
        assertThat(isLetIn(bad)).as(bad.name()).isFalse();
        Eventually.holds("a line: " + bad, () -> !mesh.h2.log.isEmpty());
        assertThat(mesh.h2.log).as(bad.name()).singleElement().matches(line -> says(line, bad));
      }
    }
    assertThat(called).isFalse();
  }

  /** BoringSSL has an opinion of its own on key usages, before we are asked. */
  private static boolean says(String line, Bad bad) {
    return line.contains(bad.why()) || line.contains("OPENSSL_internal");
  }

  @Test
  void norDoesOneOfAFederatedTrustDomain() throws Exception {
    TestAuthority theirs = new TestAuthority("other.example");
    mesh.h2.foreignRoots = Map.of("other.example", theirs.roots());
    assertThat(isLetIn(BadCertificates.good(theirs.issuer(), SHOP))).isTrue();

    for (Bad bad : BadCertificates.below(theirs.issuer(), SHOP)) {
      if (bad.signs()) {
        assertThat(isLetIn(bad)).as(bad.name()).isFalse();
      }
    }
  }

  @Test
  void whoShowsNoneIsNotLetIn() throws Exception {
    Bad nothing = new Bad("nothing", "", List.of(), Forged.keys(), true);

    assertThat(isLetIn(nothing)).isFalse();
  }

  /** The other way: who answers has to be the service, by a certificate that keeps the rules. */
  @Test
  void noCallGoesToAServerThatShowsOne() throws Exception {
    int tried = 0;
    int told = 0;
    for (Bad bad : BadCertificates.below(mesh.authority.issuer(), TestMesh.id("far"))) {
      Optional<Svid> shown = readable(bad);
      if (shown.isPresent()) {
        tried++;
        mesh.h2.svids.put(ServiceName.of("far"), shown.get());
        mesh.h1.log.clear();
        assertThat(status()).as(bad.name()).startsWith("HTTP/1.1 503");
        Eventually.holds("a line: " + bad, () -> !mesh.h1.log.isEmpty());
        assertThat(mesh.h1.log).as(bad.name()).singleElement().asString().contains("TLS: ");
        told += says(mesh.h1.log.element(), bad) ? 1 : 0;
      }
    }
    assertThat(tried).isGreaterThan(40);
    assertThat(told).isGreaterThan(tried - 10); // Some are refused by the server's own TLS.
    assertThat(called).isFalse();
  }

  private String status() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      return http.get("/").head();
    }
  }

  /** Of those that the own TLS would send. */
  private static Optional<Svid> readable(Bad bad) {
    try {
      return bad.signs()
          ? Optional.of(
              new Svid(TestMesh.id("far"), Pem.certificates(bad.chain()), bad.keys().getPrivate()))
          : Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.empty();
    }
  }
}
