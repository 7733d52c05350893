package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.admin.AdminSocket;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.KeyCertOptions;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Citadels of several trust domains, and endpoints that say what they should not. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FederationTest {
  @TempDir Path folder;
  private Mesh mesh;
  private final List<CitadelProcess> others = new ArrayList<>();
  private volatile String document = "";

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder);
  }

  @AfterEach
  void end() {
    others.forEach(CitadelProcess::close);
    mesh.close();
  }

  private CitadelProcess citadel(String domain, int federation, String domains) throws Exception {
    String text =
        """
        trust-domain = "%1$s.example"
        listen = "127.0.0.1:0"
        metrics.listen = "127.0.0.1:0"
        state-dir = "%2$s/%1$s"
        admin.socket = "%2$s/%1$s.sock"
        federation { listen = "127.0.0.1:%3$d", refresh = 10s, domains { %4$s } }
        """
            .formatted(domain, folder, federation, domains);
    return CitadelProcess.start(
        CitadelConfig.read(Section.parse("test", text)),
        mesh.host,
        new InMemoryKeyValue(),
        () -> {});
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void theEndpointTakesNoWeakCipher() throws Exception {
    int port = freePort();
    others.add(citadel("blue", port, ""));
    assertThat(answerTo(port, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"))
        .contains("handshake_failure");
    assertThat(answerTo(port, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"))
        .contains("handshake_failure");
    assertThat(answerTo(port, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"))
        .as("taken; only that this client does not know the root")
        .contains("PKIX path building failed");
  }

  private static String answerTo(int port, String cipher) throws IOException {
    try (SSLSocket socket =
        (SSLSocket) SSLSocketFactory.getDefault().createSocket("127.0.0.1", port)) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.setEnabledCipherSuites(new String[] {cipher});
      socket.startHandshake();
      return "";
    } catch (SSLHandshakeException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private String domain(String name, int port, String document) throws IOException {
    Path file = folder.resolve(name + ".json");
    Files.writeString(file, document);
    return """
        "%1$s.example" {
          endpoint = "https://127.0.0.1:%2$d/"
          endpoint-id = "spiffe://%1$s.example/control/citadel"
          bundle-file = "%3$s"
        }
        """
        .formatted(name, port, file);
  }

  @Test
  void twoTrustDomainsKnowEachOthersBundlesAndTheirChanges() throws Exception {
    int blue = freePort();
    int green = freePort();
    CitadelProcess before = citadel("blue", blue, "");
    String bootstrap = before.ownBundle().document();
    CitadelProcess second = citadel("green", green, domain("blue", blue, bootstrap));
    others.add(second);
    before.close();
    others.add(citadel("blue", blue, domain("green", green, second.ownBundle().document())));

    for (CitadelProcess each : others) {
      Mesh.await("bundles with keys for tokens", () -> keys(each) > 0);
      Mesh.await("no trouble", () -> each.federation().problems().isEmpty());
    }
    DomainBundle known = second.federation().bundles().getFirst();
    assertThat(known.trustDomain()).isEqualTo("blue.example");
    assertThat(known.roots()).hasSize(1);
    long sequence = known.sequence();

    mesh.clock.advance(Duration.ofHours(12).minusMinutes(4));
    Mesh.await(
        "the next key is told",
        () -> second.federation().bundles().getFirst().sequence() > sequence);
  }

  private static int keys(CitadelProcess citadel) {
    return citadel.federation().bundles().stream()
        .mapToInt(bundle -> bundle.jwtAuthorities().size())
        .sum();
  }

  @Test
  void theDocumentIsAsTheStandardHasIt() throws Exception {
    CitadelProcess blue = citadel("blue", freePort(), "");
    others.add(blue);
    Mesh.await("a key for tokens", () -> blue.ownBundle().document().contains("\"jwt-svid\""));
    JsonObject document = new JsonObject(blue.ownBundle().document());
    assertThat(document.getLong("spiffe_sequence")).isPositive();
    assertThat(document.getLong("spiffe_refresh_hint")).isEqualTo(10);
    JsonArray keys = document.getJsonArray("keys");
    assertThat(keys).hasSize(2);
    JsonObject root = keys.getJsonObject(0);
    assertThat(root.getString("use")).isEqualTo("x509-svid");
    assertThat(Base64.getDecoder().decode(root.getJsonArray("x5c").getString(0))).isNotEmpty();
    JsonObject token = keys.getJsonObject(1);
    assertThat(token.getString("use")).isEqualTo("jwt-svid");
    assertThat(token.getString("kid")).isNotEmpty();
    assertThat(token.containsKey("d")).isFalse();
    assertThat(blue.ownBundle().document()).isEqualTo(blue.ownBundle().document());
  }

  /** An endpoint of red.example that says what the test wants. */
  private HttpServer endpoint(Svid svid) {
    return mesh.vertx
        .createHttpServer(
            new HttpServerOptions()
                .setSsl(true)
                .setKeyCertOptions(KeyCertOptions.wrap(new SvidKeyManager(() -> svid))))
        .requestHandler(request -> request.response().end(document))
        .listen(0, "127.0.0.1")
        .await();
  }

  private static SpiffeId citadelOf(String domain) {
    return new SpiffeId.Control(domain, SpiffeId.Control.Role.CITADEL);
  }

  private static String documentOf(TestAuthority authority, long sequence) throws Exception {
    byte[] root = authority.roots().roots().getFirst().getEncoded();
    java.security.interfaces.ECPublicKey key =
        (java.security.interfaces.ECPublicKey) authority.roots().roots().getFirst().getPublicKey();
    return new JsonObject()
        .put("spiffe_sequence", sequence)
        .put("spiffe_refresh_hint", 10)
        .put(
            "keys",
            new JsonArray()
                .add(
                    new JsonObject()
                        .put("kty", "EC")
                        .put("crv", "P-256")
                        .put("use", "x509-svid")
                        .put("x", number(key.getW().getAffineX()))
                        .put("y", number(key.getW().getAffineY()))
                        .put("x5c", new JsonArray().add(Base64.getEncoder().encodeToString(root)))))
        .encode();
  }

  private static String number(java.math.BigInteger value) {
    byte[] bytes = value.toByteArray();
    byte[] fixed = new byte[32];
    int length = Math.min(32, bytes.length);
    System.arraycopy(bytes, bytes.length - length, fixed, 32 - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(fixed);
  }

  @Test
  void anOldBundleAHugeOneAndNonsenseChangeNothing() throws Exception {
    TestAuthority red = new TestAuthority("red.example");
    HttpServer endpoint = endpoint(red.issue(citadelOf("red.example")));
    document = documentOf(red, 7);
    CitadelProcess blue =
        citadel("blue", freePort(), domain("red", endpoint.actualPort(), documentOf(red, 1)));
    others.add(blue);
    Mesh.await("the endpoint's bundle", () -> sequence(blue) == 7);

    for (String bad :
        List.of(documentOf(red, 6), "{}", "not JSON", "{\"keys\":[]}", "x".repeat((1 << 20) + 1))) {
      document = bad;
      mesh.clock.advance(Duration.ofSeconds(30));
      Mesh.await("it is refused", () -> !blue.federation().problems().isEmpty());
      assertThat(sequence(blue)).isEqualTo(7);
      assertThat(told("blue").getLong("bundle")).isEqualTo(7);
      assertThat(told("blue").getString("problem"))
          .isEqualTo(blue.federation().problems().get("red.example"));
      document = documentOf(red, 7);
      mesh.clock.advance(Duration.ofSeconds(30));
      Mesh.await("all is well again", () -> blue.federation().problems().isEmpty());
      assertThat(told("blue").containsKey("problem")).isFalse();
    }
  }

  /** What operators of a citadel are told of red.example. */
  private JsonObject told(String domain) {
    return new AdminSocket(folder.resolve(domain + ".sock"), "citadel")
        .ask("GET", "/v1/status", new JsonObject(), Duration.ofSeconds(20))
        .getJsonObject("federation")
        .getJsonObject("red.example");
  }

  @Test
  void anEndpointOfAnotherIdOrOfOtherRootsIsNotBelieved() throws Exception {
    TestAuthority red = new TestAuthority("red.example");
    TestAuthority mallory = new TestAuthority("red.example");
    for (Svid shown :
        List.of(
            red.issue(new SpiffeId.Node("red.example", "n1")),
            mallory.issue(citadelOf("red.example")))) {
      HttpServer endpoint = endpoint(shown);
      document = documentOf(mallory, 9);
      CitadelProcess blue =
          citadel("blue", freePort(), domain("red", endpoint.actualPort(), documentOf(red, 1)));
      Mesh.await(
          "the endpoint is refused",
          () ->
              !blue.federation()
                  .problems()
                  .getOrDefault("red.example", "not asked yet")
                  .equals("not asked yet"));
      assertThat(sequence(blue)).isEqualTo(1);
      blue.close();
    }
  }

  private static long sequence(CitadelProcess citadel) {
    return citadel.federation().bundles().getFirst().sequence();
  }
}
