package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.testing.EmbeddedUnderTest;
import io.hostmesh.registry.testing.RegistryUnderTest;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.Svid;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two citadels, each with an intermediate of its own below one root: agents may use any. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SecondCitadelTest {
  private static final ServiceName WEB = ServiceName.of("web");

  @TempDir Path folder;
  private RegistryUnderTest registry;
  private Mesh mesh;
  private CitadelProcess second;
  private HostPort there;

  @BeforeEach
  void begin() throws Exception {
    registry = startRegistry();
    mesh = new Mesh(folder, "", Optional.of(registry.address()));
    second = start();
    there = second.listening();
    String csr = askSecond(HttpMethod.POST, "/v1/ca/csr", new JsonObject()).getString("csr");
    String chain =
        mesh.ask(HttpMethod.POST, "/v1/ca/sign", new JsonObject().put("csr", csr))
            .getString("chain");
    askSecond(HttpMethod.POST, "/v1/ca/install", new JsonObject().put("chain", chain));
  }

  /** Where both keep what is for both. */
  RegistryUnderTest startRegistry() {
    return EmbeddedUnderTest.start();
  }

  private CitadelProcess start() throws Exception {
    String text =
        """
        listen = "127.0.0.1:0"
        metrics.listen = "127.0.0.1:0"
        state-dir = "%s"
        admin.socket = "%s"
        ca { source = csr, root-file = "%s" }
        %s
        """
            .formatted(
                folder.resolve("second"),
                socket(),
                folder.resolve("citadel").resolve("root.crt"),
                mesh.registry());
    return mesh.start(CitadelConfig.read(Section.parse("test", text)));
  }

  private Path socket() {
    return folder.resolve("second.sock");
  }

  @AfterEach
  void end() throws Exception {
    second.close();
    mesh.close();
    registry.close();
  }

  private JsonObject askSecond(HttpMethod method, String path, JsonObject body) {
    return Mesh.ask(socket(), method, path, body);
  }

  private String tokenOfSecond() {
    return askSecond(HttpMethod.POST, "/v1/tokens", new JsonObject()).getString("token");
  }

  private static Svid ready(NodeIdentity node) {
    return node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  private static String allow(Path socket, String node, String service) {
    return Mesh.ask(
            socket,
            HttpMethod.POST,
            "/v1/entitlements",
            new JsonObject().put("node", node).put("allow", new JsonArray().add(service)))
        .getString("node");
  }

  private static String issuer(Svid svid) {
    return svid.chain().get(1).getSerialNumber().toString(16);
  }

  @Test
  void aTokenOfOneIsUsedAtTheOtherAndOnlyOnce() {
    String token = mesh.nodeToken();
    Svid h1 = ready(mesh.node("h1", token, List.of(there)));
    assertThatThrownBy(() -> ready(mesh.node("h2", token)))
        .hasMessageContaining("was used already, by another machine");
    Svid h3 = ready(mesh.node("h3", tokenOfSecond(), List.of(mesh.address())));
    assertThat(issuer(h1)).isNotEqualTo(issuer(h3));
    assertThat(h1.chain().get(1).getIssuerX500Principal())
        .isEqualTo(h3.chain().get(1).getIssuerX500Principal());

    // A name belongs to its first key, whichever citadel is asked.
    SpiffeId name = new SpiffeId.Node("hostmesh.local", "h3");
    assertThatThrownBy(
            () -> ready(mesh.node(name, "another", tokenOfSecond(), () -> true, List.of(there))))
        .hasMessageContaining("h3");
  }

  @Test
  void whatIsAllowedAtOneIsIssuedByTheOther() {
    NodeIdentity h1 = mesh.node("h1", mesh.nodeToken(), List.of(there));
    ready(h1);
    allow(mesh.socket(), "h1", "web");
    try (ServiceIdentities services =
        new ServiceIdentities(
            mesh.host, h1, folder.resolve("services"), KeyPairs.Kind.P256, () -> true)) {
      services.services(Set.of(WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      Svid web = services.svid(WEB).orElseThrow();
      assertThat(issuer(web)).isEqualTo(issuer(h1.svid().orElseThrow()));

      askSecond(
          HttpMethod.POST,
          "/v1/revocations",
          new JsonObject().put("service", "web").put("reason", "its key was published"));
      Mesh.await("it is shown no more", () -> services.svid(WEB).isEmpty());
      NodeIdentity h2 = mesh.node("h2", mesh.nodeToken(), List.of(mesh.address()));
      ready(h2);
      Mesh.await(
          "those who follow the other know too",
          () -> h2.roots().orElseThrow().denied().denies(web.id(), web.leaf()).isPresent());
    }
  }

  @Test
  void changesAtBothAtOnceAreAllKept() throws Exception {
    List<Future<String>> changes = new ArrayList<>();
    try (ExecutorService operators = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int service = 0; service < 8; service++) {
        Path socket = service % 2 == 0 ? mesh.socket() : socket();
        String name = "s" + service;
        changes.add(operators.submit(() -> patiently(socket, name)));
      }
    }
    for (Future<String> change : changes) {
      assertThat(change.get()).isEqualTo("h1");
    }
    for (Path socket : List.of(mesh.socket(), socket())) {
      Mesh.await("all at " + socket, () -> services(socket) == 8);
    }
  }

  /** Whoever lost the compare-and-set several times is told to try again. */
  private static String patiently(Path socket, String service) {
    for (int attempt = 0; attempt < 20; attempt++) {
      try {
        return allow(socket, "h1", service);
      } catch (io.hostmesh.runtime.UserError e) {
        assertThat(e.getMessage()).contains("try again");
      }
    }
    throw new AssertionError("never taken: " + service);
  }

  private static int services(Path socket) {
    return Mesh.ask(socket, HttpMethod.GET, "/v1/entitlements", new JsonObject())
        .getJsonArray("entitlements")
        .getJsonObject(0)
        .getJsonArray("services")
        .size();
  }

  @Test
  void whenOneIsGoneAgentsRenewAtTheOther() {
    List<HostPort> both = List.of(mesh.address(), there);
    NodeIdentity h1 = mesh.node("h1", mesh.nodeToken(), both);
    Svid before = ready(h1);
    String gone = issuer(before);
    boolean isFirst = gone.equals(serial(mesh.socket()));
    (isFirst ? mesh.citadel : second).close();

    mesh.clock.advance(Duration.ofHours(13));
    Mesh.await("it renews", () -> !issuer(h1.svid().orElseThrow()).equals(gone));
    assertThat(issuer(h1.svid().orElseThrow()))
        .isEqualTo(serial(isFirst ? socket() : mesh.socket()));
    assertThat(h1.svid().orElseThrow().key()).isEqualTo(before.key());
  }

  private static String serial(Path socket) {
    return Mesh.ask(socket, HttpMethod.GET, "/v1/ca", new JsonObject())
        .getJsonArray("intermediates")
        .getJsonObject(0)
        .getString("serial");
  }

  @Test
  void bothShowEachOtherAndARotationOfTheRootWaitsForBoth() throws Exception {
    Mesh.await(
        "they know of each other", () -> others(mesh.socket()) == 1 && others(socket()) == 1);
    rotate(mesh.socket(), "root", "prepare");
    Mesh.await("the other follows", () -> phase().equals("prepared"));
    rotate(mesh.socket(), "root", "activate");
    Mesh.await("the other follows", () -> phase().equals("activated"));
    assertThatThrownBy(() -> rotate(mesh.socket(), "root", "retire"))
        .hasMessageContaining("the intermediate of citadel c")
        .hasMessageContaining("is of the old root");

    String csr = askSecond(HttpMethod.POST, "/v1/ca/csr", new JsonObject()).getString("csr");
    String chain =
        mesh.ask(HttpMethod.POST, "/v1/ca/sign", new JsonObject().put("csr", csr))
            .getString("chain");
    askSecond(HttpMethod.POST, "/v1/ca/install", new JsonObject().put("chain", chain));
    rotate(socket(), "intermediate", "activate");
    Mesh.await("all stand below the new root", () -> retires());
    second.close();
    second = start();
    assertThat(askSecond(HttpMethod.GET, "/v1/ca", new JsonObject()).getJsonArray("roots"))
        .hasSize(1);
  }

  private boolean retires() {
    try {
      rotate(mesh.socket(), "root", "retire");
      return true;
    } catch (io.hostmesh.runtime.UserError e) {
      return false;
    }
  }

  private static void rotate(Path socket, String target, String step) {
    Mesh.ask(
        socket,
        HttpMethod.POST,
        "/v1/ca/rotate",
        new JsonObject().put("target", target).put("step", step));
  }

  private String phase() {
    return askSecond(HttpMethod.GET, "/v1/ca", new JsonObject()).getString("phase");
  }

  private static int others(Path socket) {
    return Mesh.ask(socket, HttpMethod.GET, "/v1/ca", new JsonObject())
        .getJsonArray("citadels")
        .size();
  }
}
