package io.hostmesh.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.OperatorIdentity;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators ask a daemon of another host: by their certificate, within their role. */
class RemoteAdminTest {
  private static final String DOMAIN = "hostmesh.local";
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final SpiffeId PILOT = new SpiffeId.Control(DOMAIN, SpiffeId.Control.Role.PILOT);

  @TempDir Path folder;
  private final Vertx vertx =
      Vertx.builder().with(new VertxOptions().setPreferNativeTransport(true)).build();
  private final TestAuthority authority = new TestAuthority(DOMAIN);
  private final Set<BigInteger> revoked = ConcurrentHashMap.newKeySet();
  private final AtomicInteger changes = new AtomicInteger();
  private AuditLog audit = AuditLog.none();
  private int port;

  @BeforeEach
  void listen() throws Exception {
    audit =
        new AuditLog(
            folder.resolve(AuditLog.FILE),
            "pilot",
            AuditLog.Settings.DEFAULT,
            InstantSource.system());
    AdminServer server =
        new AdminServer(vertx, AdminAccess.OWNER, audit)
            .read("/v1/status", r -> answer(r.caller().text()))
            .change(
                HttpMethod.POST,
                "/v1/rules",
                OperatorRole.EDITOR,
                r -> {
                  r.note().object("route greeter");
                  return answer("changed " + changes.incrementAndGet());
                })
            .change(HttpMethod.POST, "/v1/tokens", OperatorRole.ADMIN, _ -> answer("made"));
    Svid pilot = authority.issue(PILOT);
    port =
        server
            .listen(
                new HostPort("127.0.0.1", 0),
                new RemoteDoor(
                    new SvidKeyManager(() -> pilot),
                    authority::roots,
                    (_, serial) -> revoked.contains(serial),
                    InstantSource.system()))
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS)
            .actualPort();
  }

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static Future<JsonObject> answer(String text) {
    return Future.succeededFuture(new JsonObject().put("text", text));
  }

  private static SpiffeId operator(OperatorRole role) {
    return new SpiffeId.Operator(DOMAIN, role, "ann");
  }

  private String ask(Svid as, String method, String path) {
    return ask(as, SpiffeId.Control.Role.PILOT, method, path);
  }

  private String ask(Svid as, SpiffeId.Control.Role whom, String method, String path) {
    return new AdminRemote(
            new HostPort("127.0.0.1", port),
            whom,
            new OperatorIdentity(as, authority.roots()),
            InstantSource.system())
        .ask(method, path, new byte[0], LIMIT)
        .getString("text");
  }

  @Test
  void theCertificateSaysWhoAsksAndWhatTheyMay() {
    Svid viewer = authority.issue(operator(OperatorRole.VIEWER));
    assertThat(ask(viewer, "GET", "/v1/status"))
        .isEqualTo("spiffe://hostmesh.local/operator/viewer/ann");
    assertThatThrownBy(() -> ask(viewer, "POST", "/v1/rules"))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "spiffe://hostmesh.local/operator/viewer/ann is viewer here; POST /v1/rules needs"
                + " editor");

    Svid editor = authority.issue(operator(OperatorRole.EDITOR));
    assertThat(ask(editor, "POST", "/v1/rules")).isEqualTo("changed 1");
    assertThatThrownBy(() -> ask(editor, "POST", "/v1/tokens")).hasMessageContaining("needs admin");
    assertThat(ask(authority.issue(operator(OperatorRole.ADMIN)), "POST", "/v1/tokens"))
        .isEqualTo("made");
  }

  @Test
  void aChangeIsAuditedWithTheCertificate() {
    Svid editor = authority.issue(operator(OperatorRole.EDITOR));
    assertThat(ask(editor, "POST", "/v1/rules")).isEqualTo("changed 1");
    JsonObject change = audit.last(1, Instant.EPOCH).getFirst();
    assertThat(change.getJsonObject("who").getString("operator")).isEqualTo(editor.id().uri());
    assertThat(change.getJsonObject("who").getString("serial"))
        .isEqualTo(editor.leaf().getSerialNumber().toString(16));
    assertThat(change.getString("object")).isEqualTo("route greeter");
    assertThat(change.getString("result")).isEqualTo("done");
  }

  @Test
  void aChangeThatCannotBeAuditedIsNotMade() throws Exception {
    java.nio.file.Files.createDirectory(folder.resolve(AuditLog.FILE));
    Svid editor = authority.issue(operator(OperatorRole.EDITOR));
    assertThatThrownBy(() -> ask(editor, "POST", "/v1/rules"))
        .hasMessageContaining("the audit log cannot be written");
    assertThat(changes).hasValue(0);
  }

  @Test
  void nobodyElseGetsIn() {
    for (SpiffeId id :
        java.util.List.of(
            new SpiffeId.Node(DOMAIN, "h1"),
            new SpiffeId.Service(DOMAIN, "default", "dc1", "web"),
            PILOT)) {
      refused(authority.issue(id));
    }
    refused(new TestAuthority(DOMAIN).issue(operator(OperatorRole.ADMIN)));
    refused(authority.issue(operator(OperatorRole.ADMIN), Duration.ofSeconds(-10)));
    Svid gone = authority.issue(operator(OperatorRole.ADMIN));
    revoked.add(gone.leaf().getSerialNumber());
    refused(gone);
  }

  private void refused(Svid svid) {
    assertThatThrownBy(() -> ask(svid, "GET", "/v1/status"))
        .as(svid.toString())
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no trust between " + svid.id());
  }

  @Test
  void anotherDaemonIsNotTalkedTo() {
    Svid admin = authority.issue(operator(OperatorRole.ADMIN));
    assertThatThrownBy(() -> ask(admin, SpiffeId.Control.Role.CITADEL, "GET", "/v1/status"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the peer is spiffe://hostmesh.local/control/pilot");
  }
}
