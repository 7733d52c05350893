package io.hostmesh.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who changed what, on disk before it is done. */
class AuditLogTest {
  private static final JsonObject ANN = new JsonObject().put("user", "ann");

  @TempDir Path folder;
  private Instant now = Instant.parse("2026-03-01T10:00:00Z");
  private final InstantSource clock = () -> now;

  private AuditLog log(long fileSize) {
    return new AuditLog(
        folder.resolve(AuditLog.FILE),
        "pilot",
        new AuditLog.Settings(Duration.ofDays(30), fileSize),
        clock);
  }

  private static void change(AuditLog log, String object) {
    log.end(
        log.begin(ANN, "POST /v1/rules"),
        new AuditNote().object(object).before("1").after("2"),
        "done");
  }

  @Test
  void aChangeIsOneEntryWithItsOutcome() throws IOException {
    AuditLog log = log(1 << 20);
    change(log, "route greeter");

    assertThat(log.last(10, Instant.EPOCH)).hasSize(1);
    assertThat(log.last(10, Instant.EPOCH).getFirst())
        .isEqualTo(
            new JsonObject()
                .put("time", "2026-03-01T10:00:00Z")
                .put("id", log.last(1, Instant.EPOCH).getFirst().getString("id"))
                .put("daemon", "pilot")
                .put("who", ANN)
                .put("action", "POST /v1/rules")
                .put("object", "route greeter")
                .put("before", "1")
                .put("after", "2")
                .put("result", "done"));
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve(AuditLog.FILE))))
        .isEqualTo("rw-------");
  }

  @Test
  void aChangeThatWasCutOffIsSeen() {
    String _ = log(1 << 20).begin(ANN, "POST /v1/stop");
    assertThat(log(1 << 20).last(10, Instant.EPOCH))
        .extracting(change -> change.getString("result"))
        .containsExactly("unknown");
  }

  @Test
  void theNewestAreShownAndThoseSinceATime() {
    AuditLog log = log(1 << 20);
    for (String object : List.of("a", "b", "c")) {
      now = now.plusSeconds(60);
      change(log, object);
    }
    assertThat(log.last(2, Instant.EPOCH))
        .extracting(change -> change.getString("object"))
        .containsExactly("b", "c");
    assertThat(log.last(10, now))
        .extracting(change -> change.getString("object"))
        .containsExactly("c");
  }

  @Test
  void aFullFileIsKeptForItsTimeAndStillRead() throws IOException {
    AuditLog log = log(100);
    change(log, "a");
    now = now.plusSeconds(1);
    change(log, "b");
    assertThat(files()).hasSizeGreaterThan(1);
    assertThat(log.last(10, Instant.EPOCH))
        .extracting(change -> change.getString("object"))
        .containsExactly("a", "b");

    for (Path file : files()) {
      Files.setLastModifiedTime(file, FileTime.from(now));
    }
    now = now.plus(Duration.ofDays(31));
    change(log, "c");
    assertThat(log.last(10, Instant.EPOCH))
        .extracting(change -> change.getString("object"))
        .contains("c")
        .doesNotContain("a");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void whatCannotBeWrittenIsRefusedAndALinkIsNotFollowed() throws IOException {
    Path elsewhere = Files.writeString(folder.resolve("precious"), "", StandardOpenOption.CREATE);
    Files.createSymbolicLink(folder.resolve(AuditLog.FILE), elsewhere);

    assertThatThrownBy(() -> log(1 << 20).begin(ANN, "POST /v1/rules"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the audit log cannot be written")
        .hasMessageContaining("nothing is changed");
    assertThat(elsewhere).isEmptyFile();
  }
}
