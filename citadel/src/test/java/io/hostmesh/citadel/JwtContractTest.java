package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.identity.CitadelException;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.hostmesh.runtime.jwt.JwtSvids;
import io.hostmesh.runtime.jwt.JwtSvids.Proven;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tokens that citadel signs for services, and the keys that agents judge them by. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class JwtContractTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final String ID = "spiffe://hostmesh.local/ns/default/dc/dc1/svc/web";

  @TempDir Path folder;
  private Mesh mesh;
  private NodeIdentity node;

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder);
    node = mesh.node("h1", mesh.nodeToken());
    node.ready().timeout(20, TimeUnit.SECONDS).await();
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  private JwtIssued token(String... audience) {
    return node.citadel().issueJwt(WEB, List.of(audience)).timeout(20, TimeUnit.SECONDS).await();
  }

  private Proven verify(JwtIssued issued, String audience) throws Exception {
    return JwtSvids.verify(
        issued.token(), audience, _ -> node.jwtAuthorities(), mesh.clock.instant());
  }

  private void awaitKeys(int count) {
    Mesh.await("agents know " + count + " keys", () -> node.jwtAuthorities().size() == count);
  }

  @Test
  void anEntitledNodeGetsShortLivedTokensThatEveryAgentCanJudge() throws Exception {
    mesh.allow("h1", "web");
    awaitKeys(1);
    JwtIssued issued = token("billing", "audit");
    assertThat(issued.id()).isEqualTo(ID);
    assertThat(Duration.between(issued.issued(), issued.expires()))
        .isEqualTo(Duration.ofMinutes(5));
    assertThat(verify(issued, "audit").id()).isEqualTo(ID);
    JsonArray ledger =
        mesh.ask(HttpMethod.GET, "/v1/ledger", new JsonObject()).getJsonArray("list");
    assertThat(ledger.getJsonObject(ledger.size() - 1).getMap())
        .containsEntry("event", "jwt")
        .containsEntry("id", ID)
        .containsEntry("asker", "spiffe://hostmesh.local/node/h1");
    assertThat(ledger.encode()).doesNotContain(issued.token());
  }

  @Test
  void aNodeThatIsNotEntitledGetsNoTokenAndNobodyGetsOneForNobody() {
    assertThatThrownBy(() -> token("billing"))
        .isInstanceOfSatisfying(
            CitadelException.class,
            refused -> assertThat(refused.kind()).isEqualTo(CitadelException.Kind.NOT_ENTITLED));
    mesh.allow("h1", "web");
    assertThatThrownBy(() -> token()).hasMessageContaining("a token is for 1 to 16 audiences");
    assertThatThrownBy(() -> token(" ")).hasMessageContaining("a token is for 1 to 16 audiences");
  }

  @Test
  void theNextKeyIsKnownBeforeItSignsAndTheOldOneWhileItsTokensHold() throws Exception {
    mesh.allow("h1", "web");
    awaitKeys(1);
    JwtAuthority first = node.jwtAuthorities().getFirst();
    JwtIssued old = token("billing");
    mesh.clock.advance(Duration.ofHours(12).minusMinutes(4));
    awaitKeys(2);
    assertThat(keyOf(token("billing"))).isEqualTo(first.keyId());
    mesh.clock.advance(Duration.ofMinutes(5));
    JwtIssued next = token("billing");
    assertThat(keyOf(next)).isNotEqualTo(first.keyId());
    assertThat(verify(next, "billing").id()).isEqualTo(ID);
    assertThatThrownBy(() -> verify(old, "billing")).hasMessageContaining("it expired");
    assertThat(node.jwtAuthorities()).extracting(JwtAuthority::keyId).contains(first.keyId());
  }

  @Test
  void aCitadelThatStartsAnewSignsWithAnotherKeyAndTheOldTokensHold() throws Exception {
    mesh.allow("h1", "web");
    awaitKeys(1);
    JwtIssued before = token("billing");
    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
    awaitKeys(2);
    JwtIssued after = token("billing");
    assertThat(keyOf(after)).isNotEqualTo(keyOf(before));
    assertThat(verify(before, "billing").id()).isEqualTo(ID);
    assertThat(verify(after, "billing").id()).isEqualTo(ID);
  }

  private static String keyOf(JwtIssued issued) {
    String header = issued.token().substring(0, issued.token().indexOf('.'));
    return new JsonObject(
            new String(
                java.util.Base64.getUrlDecoder().decode(header),
                java.nio.charset.StandardCharsets.UTF_8))
        .getString("kid");
  }
}
