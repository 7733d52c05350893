package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.registry.Entry;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whoever has citadel's disk cannot make its ledger forget, nor whoever writes to the registry. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LedgerHeadsTest {
  @TempDir Path folder;
  private Mesh mesh;

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder);
    mesh.allow("h1", "web");
    mesh.allow("h2", "web");
    mesh.allow("h1", "api");
    registryKnows(3);
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  private JsonObject audit() {
    return mesh.ask(HttpMethod.GET, "/v1/ledger/audit", new JsonObject());
  }

  private String problem() {
    return audit().getString("problem", "");
  }

  private void registryKnows(long entries) {
    Mesh.await(
        "the registry to know " + entries + " entries",
        () ->
            audit().getJsonObject("registry", new JsonObject()).getLong("entries", -1L) == entries);
  }

  private Path file() {
    return folder.resolve("citadel/ledger.jsonl");
  }

  /** With the disk as it is changed meanwhile. */
  private void restart(Work meanwhile) throws Exception {
    mesh.citadel.close();
    meanwhile.run();
    mesh.citadel = mesh.startCitadel();
  }

  private interface Work {
    void run() throws Exception;
  }

  @Test
  void anIntactLedgerIsOneAlsoAfterARestart() throws Exception {
    assertThat(audit().getBoolean("intact")).isTrue();
    restart(() -> {});
    mesh.allow("h3", "web");
    registryKnows(4);
    assertThat(audit().getBoolean("intact")).isTrue();
    assertThat(status().containsKey("problem")).isFalse();
  }

  private JsonObject status() {
    return mesh.ask(HttpMethod.GET, "/v1/status", new JsonObject()).getJsonObject("ledger");
  }

  @Test
  void oneThatWasCutIsKnownAlsoWhenItHasGrownAgain() throws Exception {
    String all = Files.readString(file());
    restart(() -> Files.writeString(file(), all.lines().findFirst().orElseThrow() + "\n"));
    Mesh.await("the cut to be seen", () -> status().containsKey("problem"));
    assertThat(status().getString("problem"))
        .contains("the ledger was cut: it had 3 entries at ")
        .endsWith("and has 1");
    mesh.allow("h3", "web");
    mesh.allow("h4", "web");
    mesh.allow("h5", "web");
    assertThat(problem()).contains("was written anew: entry 3 is not the one");
    assertThat(status().getBoolean("intact")).isFalse();
  }

  @Test
  void oneThatWasCutOrChangedUnderARunningCitadelIsFound() throws Exception {
    List<String> lines = Files.readAllLines(file());
    String all = Files.readString(file());
    Files.writeString(file(), String.join("\n", lines.subList(0, 2)) + "\n");
    assertThat(problem()).contains("was cut");
    Files.writeString(file(), all.replace("\"h2\"", "\"h9\""));
    assertThat(problem()).contains("line 2").contains("does not have its hash");
  }

  @Test
  void aWholeFolderOfStateFromABackupIsNotTakenForNew() throws Exception {
    Path backup = folder.resolve("backup");
    restart(() -> copy(folder.resolve("citadel"), backup));
    mesh.allow("h3", "web");
    registryKnows(4);
    restart(() -> copy(backup, folder.resolve("citadel")));
    Mesh.await("the old state to be seen", () -> status().containsKey("problem"));
    assertThat(status().getString("problem")).contains("the ledger was cut: it had 4 entries");
  }

  private static void copy(Path from, Path to) throws Exception {
    Process copied =
        new ProcessBuilder("sh", "-c", "rm -rf '" + to + "' && cp -a '" + from + "' '" + to + "'")
            .inheritIO()
            .start();
    assertThat(copied.waitFor()).isZero();
  }

  @Test
  void anOperatorGoesOnWithWhatIsLeftAndTheLedgerSaysSo() throws Exception {
    JsonObject wish = new JsonObject().put("reason", "restored after the fire");
    assertThatThrownBy(() -> mesh.ask(HttpMethod.POST, "/v1/ledger/accept", wish))
        .hasMessageContaining("nothing is wrong with the ledger");
    restart(() -> Files.delete(file()));
    Mesh.await("the loss to be seen", () -> status().containsKey("problem"));
    assertThatThrownBy(() -> mesh.ask(HttpMethod.POST, "/v1/ledger/accept", new JsonObject()))
        .hasMessageContaining("reason is one line");
    assertThat(mesh.ask(HttpMethod.POST, "/v1/ledger/accept", wish).getBoolean("intact")).isTrue();

    mesh.allow("h3", "web");
    registryKnows(2);
    restart(() -> {});
    mesh.allow("h4", "web");
    registryKnows(3);
    assertThat(status().getBoolean("intact")).isTrue();
    assertThat(Files.readString(file()))
        .contains("\"event\":\"ledger-accepted\"")
        .contains("it had 3 entries")
        .contains("restored after the fire");
  }

  @Test
  void aKvWriterNeitherForgesNorRollsBackNorDeletesAHead() throws Exception {
    String key = mesh.keyValue.list("hostmesh/ledgers/").get().firstKey();
    byte[] old = mesh.keyValue.get(key).get().orElseThrow().bytes();
    mesh.allow("h3", "web");
    registryKnows(4);
    byte[] head = mesh.keyValue.get(key).get().orElseThrow().bytes();
    for (byte[] forged : List.of(old, new byte[] {1, 2, 3}, new byte[0])) {
      mesh.keyValue.put(key, forged).get();
      Mesh.await("the head to be put right", () -> is(key, head));
    }
    mesh.keyValue.delete(key).get();
    Mesh.await("the deletion to be undone", () -> is(key, head));
    assertThat(audit().getBoolean("intact")).isTrue();
  }

  private boolean is(String key, byte[] bytes) {
    return mesh.keyValue
        .get(key)
        .join()
        .map(Entry::bytes)
        .filter(found -> java.util.Arrays.equals(found, bytes))
        .isPresent();
  }
}
