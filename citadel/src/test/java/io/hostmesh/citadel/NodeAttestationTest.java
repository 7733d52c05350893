package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.ChallengeRequest;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.X509PopEvidence;
import io.hostmesh.citadel.MachineCa.Machine;
import io.hostmesh.citadel.MachineCa.Wish;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.MachineProof;
import io.hostmesh.runtime.identity.NodeAttestor;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.X509Pop;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who becomes a node without being known, who does not, and what citadel says of those. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class NodeAttestationTest {
  @TempDir Path folder;
  private final MachineCa ca = new MachineCa();
  private Mesh mesh;

  @BeforeEach
  void begin() throws Exception {
    mesh =
        new Mesh(
            folder,
            "attest.x509pop { ca-file = \"%s\", domain = \"example.com\", allow = [\"h*\"] }"
                .formatted(ca.file(folder)));
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  private static void ready(NodeIdentity node) {
    assertThat(node.ready().timeout(20, TimeUnit.SECONDS).await()).isNotNull();
  }

  private JsonObject status() {
    return mesh.ask(HttpMethod.GET, "/v1/status", new JsonObject());
  }

  private List<JsonObject> alarms() {
    return status().getJsonArray("alarms").stream().map(JsonObject.class::cast).toList();
  }

  private long alarmsInLedger() {
    return mesh
        .ask(HttpMethod.GET, "/v1/ledger?last=1000", new JsonObject())
        .getJsonArray("list")
        .stream()
        .filter(entry -> ((JsonObject) entry).getString("event").equals("alarm"))
        .count();
  }

  private X509Pop pop(Machine machine, String directory) {
    Path files = folder.resolve(directory + "-machine");
    return new X509Pop(
        machine.certFile(files), machine.keyFile(files), status().getString("rootSha256"));
  }

  private NodeIdentity join(Machine machine, String name) {
    return join(pop(machine, name), name, name);
  }

  private NodeIdentity join(NodeAttestor attestor, String name, String directory) {
    return mesh.node(new SpiffeId.Node("hostmesh.local", name), directory, attestor);
  }

  @Test
  void aReplayedTokenIsRefusedAndAlarmedWithBothMachines() throws Exception {
    String token = mesh.nodeToken();
    ready(mesh.node("h1", token));
    assertThatThrownBy(() -> ready(mesh.node("h2", token)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was used already")
        .as("who shows it is not told of the other machine")
        .hasMessageNotContaining("127.0.0.1");
    assertThatThrownBy(() -> ready(mesh.node("h3", token))).isInstanceOf(UserError.class);

    assertThat(alarms()).hasSize(1);
    JsonObject alarm = alarms().getFirst();
    assertThat(alarm.getString("kind")).isEqualTo("token-replayed");
    assertThat(alarm.getString("about")).isEqualTo(token.substring(0, token.indexOf('.')));
    assertThat(alarm.getString("text"))
        .contains("was shown again from 127.0.0.1 for the node h3")
        .contains("was used from 127.0.0.1 by the node h1 at ")
        .doesNotContain(token);
    assertThat(alarm.getLong("count")).isEqualTo(2);
    assertThat(alarmsInLedger()).as("repeats do not fill the disk").isEqualTo(1);

    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
    assertThat(alarms()).extracting(each -> each.getString("kind")).contains("token-replayed");
    mesh.clock.advance(Duration.ofDays(8));
    assertThat(alarms()).isEmpty();
  }

  @Test
  void guessesOfTokensMustWait() {
    String token = mesh.nodeToken();
    for (int guess = 0; guess < 10; guess++) {
      String wrong = token.replaceFirst("\\.[0-9a-f]{64}\\.", "." + "%064x".formatted(guess) + ".");
      String name = "h" + guess;
      assertThatThrownBy(() -> ready(mesh.node(name, wrong)))
          .hasMessageContaining("is not one that this citadel knows");
    }
    assertThat(alarms()).extracting(each -> each.getString("kind")).containsExactly("guessing");

    NodeIdentity waiting = mesh.node("h77", token);
    Mesh.await("the limit is told", () -> waiting.status().problem().isPresent());
    assertThat(waiting.status().problem().orElseThrow()).contains("too many wrong tokens");
    mesh.clock.advance(Duration.ofMinutes(1));
    ready(waiting);
  }

  @Test
  void aSecondMachineOfTheSameNameIsAlarmed() {
    ready(mesh.node("h1", mesh.nodeToken()));
    assertThatThrownBy(
            () ->
                ready(
                    mesh.node(
                        new SpiffeId.Node("hostmesh.local", "h1"),
                        "second",
                        mesh.nodeToken(),
                        () -> true)))
        .hasMessageContaining("belongs to another machine");
    assertThat(alarms()).hasSize(1);
    assertThat(alarms().getFirst().getString("text"))
        .startsWith("another machine, at 127.0.0.1, wants the name of the node h1, which belongs")
        .contains("joined from 127.0.0.1 at ");
  }

  @ParameterizedTest
  @CsvSource({"EC,256", "EC,384", "EC,521", "RSA,2048", "Ed25519,0"})
  void aMachineJoinsByItsCertificate(String algorithm, int bits) {
    NodeIdentity node = join(ca.machine(Wish.of("h1.example.com").key(algorithm, bits)), "h1");
    ready(node);
    assertThat(node.svid().orElseThrow().id().uri()).isEqualTo("spiffe://hostmesh.local/node/h1");
    assertThat(
            mesh.ask(HttpMethod.GET, "/v1/nodes", new JsonObject())
                .getJsonArray("nodes")
                .getJsonObject(0)
                .getString("attested"))
        .startsWith("x509pop CN=h1.example.com, serial 2, key ");
    assertThat(alarms()).isEmpty();
  }

  @Test
  void aMachineThatWasAwayForTooLongJoinsAgainByItself() throws Exception {
    NodeIdentity node =
        join(
            ca.machine(
                Wish.of("h1.example.com")
                    .from(Instant.now().minusSeconds(60), Duration.ofDays(90))),
            "h1");
    ready(node);
    byte[] key = node.svid().orElseThrow().leaf().getPublicKey().getEncoded();
    mesh.citadel.close();
    mesh.clock.advance(Duration.ofDays(40));
    assertThat(node.problem().orElseThrow()).contains("expired at");
    mesh.citadel = mesh.startCitadel();
    Mesh.await("the node holds again", () -> node.problem().isEmpty());
    assertThat(node.svid().orElseThrow().leaf().getPublicKey().getEncoded())
        .as("with its own key")
        .isEqualTo(key);
  }

  @Test
  void certificatesThatLetNobodyInEachSaySo() {
    Instant now = Instant.now();
    Duration hour = Duration.ofHours(1);
    refused(ca.machine("h2.example.com"), "h1", "it is for [h2], not for the node h1");
    refused(ca.machine("h1.example.org"), "h1", "it is for [], not for the node h1");
    refused(ca.machine("web.example.com"), "web", "allow does not let the node web");
    refused(new MachineCa().machine("h1.example.com"), "h1", "lets nobody in");
    refused(
        ca.machine(Wish.of("h1.example.com").purpose(KeyPurposeId.id_kp_serverAuth)),
        "h1",
        "lacks clientAuth");
    refused(
        ca.machine(Wish.of("h1.example.com").from(now.minus(hour), Duration.ofMinutes(30))),
        "h1",
        "lets nobody in");
    refused(
        ca.machine(Wish.of("h1.example.com").from(now.plus(hour), hour)), "h1", "lets nobody in");
    refused(
        ca.machine(Wish.of("h1.example.com").key("RSA", 1024)), "h1", "an RSA key of 1024 bits");
    Machine real = ca.machine("h1.example.com");
    refused(
        new Machine(real.chain(), ca.machine("h1.example.com").keys()),
        "h1",
        "its key has not signed this challenge");
    assertThat(mesh.ask(HttpMethod.GET, "/v1/nodes", new JsonObject()).getJsonArray("nodes"))
        .isEmpty();
  }

  private void refused(Machine machine, String name, String why) {
    try (NodeIdentity node = join(machine, name)) {
      assertThatThrownBy(() -> ready(node)).isInstanceOf(UserError.class).hasMessageContaining(why);
    }
  }

  @Test
  void twoMachinesWithCertificatesOfOneNameAreTold() {
    ready(join(ca.machine("h1.example.com"), "h1"));
    assertThatThrownBy(() -> ready(join(pop(ca.machine("h1.example.com"), "b"), "h1", "b")))
        .hasMessageContaining("belongs to another machine");
    assertThat(alarms()).extracting(each -> each.getString("kind")).containsExactly("name-taken");
  }

  @Test
  void aProofHoldsForItsOwnRequestOnceAndForAMinute() {
    Machine machine = ca.machine("h1.example.com");
    AtomicReference<JoinRequest> seen = new AtomicReference<>();
    ready(join(recording(pop(machine, "h1"), seen), "h1", "h1"));
    JoinRequest answered = seen.get();

    assertThatThrownBy(() -> mesh.citadel.desk().join(answered, "192.0.2.7"))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("was used already");
    assertThat(alarms()).extracting(each -> each.getString("kind")).contains("proof-replayed");

    KeyPair thief = KeyPairs.generate();
    assertThatThrownBy(
            () ->
                mesh.citadel
                    .desk()
                    .join(
                        answered.toBuilder().setCsr(ByteString.copyFrom(Csr.of(thief))).build(),
                        "192.0.2.7"))
        .hasMessageContaining("has not signed this challenge");

    Challenge fresh =
        mesh.citadel
            .desk()
            .challenge(ChallengeRequest.newBuilder().setAttestor("x509pop").build(), "192.0.2.7");
    mesh.clock.advance(Duration.ofSeconds(61));
    assertThatThrownBy(
            () ->
                mesh.citadel
                    .desk()
                    .join(answered.toBuilder().setNonce(fresh.getNonce()).build(), "192.0.2.7"))
        .hasMessageContaining("is older than a minute");
    assertThatThrownBy(
            () ->
                mesh.citadel
                    .desk()
                    .join(
                        answered.toBuilder().setNonce(ByteString.copyFromUtf8("own")).build(),
                        "192.0.2.7"))
        .hasMessageContaining("is not one of this citadel");
  }

  /** Keeps the request that the attestor's proof goes into. */
  private static NodeAttestor recording(X509Pop pop, AtomicReference<JoinRequest> seen) {
    return new NodeAttestor() {
      @Override
      public String name() {
        return pop.name();
      }

      @Override
      public String root() {
        return pop.root();
      }

      @Override
      public byte[] evidence(Challenge challenge, MachineProof proof) {
        byte[] evidence = pop.evidence(challenge, proof);
        seen.set(
            JoinRequest.newBuilder()
                .setAttestor(name())
                .setNode(proof.node())
                .setCsr(proof.csr())
                .setNonce(proof.nonce())
                .setEvidence(ByteString.copyFrom(evidence))
                .build());
        return evidence;
      }
    };
  }

  @Test
  void evidenceThatIsNoneIsRefused() {
    KeyPair pair = KeyPairs.generate();
    JoinRequest.Builder request =
        JoinRequest.newBuilder()
            .setAttestor("x509pop")
            .setNode("h1")
            .setCsr(ByteString.copyFrom(Csr.of(pair)));
    Challenge challenge =
        mesh.citadel
            .desk()
            .challenge(ChallengeRequest.newBuilder().setAttestor("x509pop").build(), "192.0.2.8");
    request.setNonce(challenge.getNonce());
    for (ByteString evidence :
        List.of(
            ByteString.EMPTY,
            ByteString.copyFromUtf8("nonsense"),
            X509PopEvidence.newBuilder()
                .addChain(ByteString.copyFromUtf8("x"))
                .build()
                .toByteString(),
            ByteString.copyFrom(new byte[100_000]))) {
      assertThatThrownBy(
              () -> mesh.citadel.desk().join(request.setEvidence(evidence).build(), "192.0.2.8"))
          .isInstanceOf(Refusal.class);
    }
    assertThatThrownBy(
            () -> mesh.citadel.desk().join(request.setAttestor("tpm").build(), "192.0.2.8"))
        .hasMessageContaining("lets nobody join by \"tpm\"");
  }
}
