package io.hostmesh.citadel.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ledger of several files is one chain; what is missing of it is seen. */
class LedgerSegmentsTest {
  private static final Ledger.Settings SMALL = new Ledger.Settings(Duration.ofDays(90), 2_000);

  @TempDir Path folder;
  private Instant now = Instant.parse("2026-03-01T10:00:00Z");
  private final InstantSource clock = () -> now;

  private Ledger open(List<Integer> seen) {
    return Ledger.open(
        folder.resolve("ledger.jsonl"), SMALL, clock, entry -> seen.add(entry.getInteger("seq")));
  }

  private void write(int entries) {
    try (Ledger ledger = open(new ArrayList<>())) {
      assertThat(ledger.problem()).isEmpty();
      for (int i = 0; i < entries; i++) {
        ledger.append("issue", new JsonObject().put("id", "spiffe://td/node/h" + i));
      }
    }
  }

  private List<Path> full() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().contains("ledger-")).sorted().toList();
    }
  }

  @Test
  void theChainGoesOnFromFileToFile() throws IOException {
    write(30);
    write(30);
    assertThat(full()).hasSizeGreaterThan(2);
    List<Integer> seen = new ArrayList<>();
    try (Ledger ledger = open(seen)) {
      assertThat(ledger.chain().entries()).isEqualTo(60);
    }
    assertThat(seen).hasSize(60).startsWith(1, 2, 3).isSorted();
  }

  @Test
  void aFileThatWasTakenAwayIsMissed() throws IOException {
    for (int missing : List.of(0, 1)) {
      write(60);
      Files.delete(full().get(missing));
      try (Ledger ledger = open(new ArrayList<>())) {
        assertThat(ledger.problem().orElseThrow())
            .contains(missing == 0 ? "are missing" : "does not follow the line before it");
      }
      clear();
    }
  }

  private void clear() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void whatIsOldGoesAndTheChainSaysSo() throws IOException {
    write(60);
    for (Path file : full()) {
      Files.setLastModifiedTime(file, FileTime.from(now));
    }
    now = now.plus(Duration.ofDays(91));
    write(60); // The first rotation of these lets the old ones go.
    List<Integer> seen = new ArrayList<>();
    try (Ledger ledger = open(seen)) {
      assertThat(ledger.problem()).isEmpty();
      assertThat(ledger.chain().entries()).isGreaterThanOrEqualTo(121);
    }
    assertThat(seen.getFirst()).isGreaterThan(1);
  }

  @Test
  void entriesThatComeTogetherAreAllThereAndInOneChain() throws Exception {
    int many = 2_000;
    Set<Integer> seen = new TreeSet<>();
    try (Ledger ledger =
        Ledger.open(folder.resolve("ledger.jsonl"), InstantSource.system(), _ -> {})) {
      Set<Long> durable = new ConcurrentSkipListSet<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        int number = i;
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      ledger.append("issue", new JsonObject().put("id", "spiffe://td/n/" + number));
                      durable.add(ledger.chain().entries());
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(ledger.chain().entries()).isEqualTo(many);
      // Far fewer writes than entries: many saw the same end.
      assertThat(durable).hasSizeLessThan(many);
    }
    try (Ledger ledger =
        Ledger.open(
            folder.resolve("ledger.jsonl"),
            InstantSource.system(),
            entry -> seen.add(entry.getInteger("seq")))) {
      assertThat(ledger.problem()).isEmpty();
    }
    assertThat(seen).hasSize(many);
  }
}
