package io.hostmesh.citadel.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
  private static void write(Path file, int entries) {
    try (Ledger ledger = Ledger.open(file, Clock.systemUTC(), _ -> {})) {
      for (int i = 0; i < entries; i++) {
        ledger.append("issue", new JsonObject().put("id", "spiffe://td/node/h" + i + "-ä"));
      }
    }
  }

  @Test
  void continuesTheChainAfterARestart(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    write(file, 3);
    write(file, 2);
    List<String> seen = new ArrayList<>();
    try (Ledger ledger =
        Ledger.open(file, Clock.systemUTC(), entry -> seen.add(entry.getString("id")))) {
      assertThat(ledger.problem()).isEmpty();
      assertThat(ledger.chain().entries()).isEqualTo(5);
      assertThat(ledger.last(2)).extracting(entry -> entry.getInteger("seq")).containsExactly(4, 5);
    }
    assertThat(seen).hasSize(5).last().isEqualTo("spiffe://td/node/h1-ä");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void aBrokenChainIsSetAsideAndReported(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    write(file, 4);
    List<String> lines = Files.readAllLines(file);
    lines.remove(1);
    Files.writeString(file, String.join("\n", lines) + "\n");
    try (Ledger ledger = Ledger.open(file, Clock.systemUTC(), _ -> {})) {
      assertThat(ledger.problem().orElseThrow())
          .contains("line 2")
          .contains("does not follow the line before it");
      assertThat(ledger.last(1).getFirst().getString("event")).isEqualTo("ledger-broken");
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).anyMatch(path -> path.toString().contains(".broken-"));
    }
  }

  @Test
  void aLineCutShortByACrashIsDropped(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    write(file, 2);
    Files.writeString(file, "{\"seq\":3,\"ti", StandardOpenOption.APPEND);
    try (Ledger ledger = Ledger.open(file, Clock.systemUTC(), _ -> {})) {
      assertThat(ledger.problem()).isEmpty();
      assertThat(ledger.chain().entries()).isEqualTo(2);
    }
  }

  @Property(tries = 300)
  void anyChangeOfAnyByteIsSeen(
      @ForAll @IntRange(max = 100_000) int place, @ForAll @IntRange(min = 1, max = 255) int change)
      throws IOException {
    Path folder = Files.createTempDirectory("ledger");
    Path file = folder.resolve("ledger.jsonl");
    try {
      write(file, 3);
      byte[] content = Files.readAllBytes(file);
      // Of the last byte, the end of the last line, only the line would be lost: see the crash.
      int at = place % (content.length - 1);
      content[at] ^= (byte) change;
      Files.write(file, content);
      assertThat(LedgerChain.read(file, _ -> {}).broken()).isPresent();
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(java.util.Comparator.reverseOrder())
          .forEach(
              file -> {
                try {
                  Files.delete(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
