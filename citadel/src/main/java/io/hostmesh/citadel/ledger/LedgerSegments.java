package io.hostmesh.citadel.ledger;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A ledger's files: the current one, {@code ledger.jsonl}, and before it the full ones, {@code
 * ledger-<number of the first entry>.jsonl}. The chain goes on from file to file. Where the first
 * files were removed because of their age, an entry {@value #RETIRED} of the chain says up to
 * where. Blocks; one thread at a time.
 */
final class LedgerSegments {
  /** The event of an entry that says that older ones were removed. */
  static final String RETIRED = "retired";

  private static final System.Logger LOG = System.getLogger(LedgerSegments.class.getName());

  private final Path current;
  private final String prefix;
  private final String suffix;

  LedgerSegments(Path current) {
    this.current = current;
    String name = String.valueOf(current.getFileName());
    int dot = name.lastIndexOf('.');
    this.prefix = name.substring(0, dot) + "-";
    this.suffix = name.substring(dot);
  }

  Path current() {
    return current;
  }

  /**
   * Full files that may go.
   *
   * @param before how far the chain had come at the end of the last of them
   */
  record Retired(List<Path> files, LedgerChain before) {
    void remove() throws IOException {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /** All files there are, in the order of the chain. */
  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(current.toAbsolutePath().getParent())) {
      List<Path> files =
          new ArrayList<>(
              all.filter(
                      file ->
                          String.valueOf(file.getFileName())
                              .matches(prefix + "[0-9]{12}\\" + suffix))
                  .sorted()
                  .toList());
      if (Files.exists(current)) {
        files.add(current);
      }
      return files;
    }
  }

  /** Reads the whole chain, to its end or its first broken line. */
  LedgerChain.Reading read(Consumer<JsonObject> reader) throws IOException {
    LedgerChain chain = LedgerChain.EMPTY;
    Set<LedgerChain> retired = new HashSet<>(Set.of(LedgerChain.EMPTY));
    Optional<Path> first = Optional.empty();
    for (Path file : files()) {
      if (first.isEmpty() && Files.size(file) > 0) {
        first = Optional.of(file);
        chain = LedgerChain.before(file).orElse(LedgerChain.EMPTY);
      }
      LedgerChain.Reading reading =
          LedgerChain.read(
              chain,
              file,
              entry -> {
                if (RETIRED.equals(entry.getString("event"))) {
                  retired.add(
                      new LedgerChain(entry.getLong("through", 0L), entry.getString("head", "")));
                }
                reader.accept(entry);
              });
      if (reading.broken().isPresent()) {
        return reading;
      }
      chain = reading.chain();
    }
    if (first.isPresent()) {
      LedgerChain begin = LedgerChain.before(first.get()).orElse(LedgerChain.EMPTY);
      if (!retired.contains(begin)) {
        return new LedgerChain.Reading(
            chain,
            Optional.of(
                new LedgerChain.Broken(
                    first.get(), 1, "entries 1 to " + begin.entries() + " are missing")));
      }
    }
    return new LedgerChain.Reading(chain, Optional.empty());
  }

  /** When the current file's first entry was made. */
  Optional<Instant> begun() throws IOException {
    return LedgerChain.first(current).map(entry -> Instant.parse(entry.getString("time")));
  }

  /** Gives the current file, which has an entry, the name of a full one. */
  void close() throws IOException {
    long first = LedgerChain.before(current).map(LedgerChain::entries).orElse(0L) + 1;
    Files.move(
        current,
        current.resolveSibling("%s%012d%s".formatted(prefix, first, suffix)),
        StandardCopyOption.ATOMIC_MOVE);
  }

  /** The full files at the beginning whose last entries are older than this. */
  Optional<Retired> old(Instant limit) throws IOException {
    List<Path> old = new ArrayList<>();
    List<Path> all = files();
    for (int i = 0; i + 1 < all.size(); i++) {
      if (!Files.getLastModifiedTime(all.get(i)).toInstant().isBefore(limit)) {
        break;
      }
      old.add(all.get(i));
    }
    if (old.isEmpty() || Files.size(all.get(old.size())) == 0) {
      return Optional.empty();
    }
    return LedgerChain.before(all.get(old.size())).map(before -> new Retired(old, before));
  }

  /** A crash can leave a part of the last line: it was never answered for, so it may go. */
  void cutTornLine() throws IOException {
    if (Files.notExists(current)) {
      return;
    }
    byte[] content = Files.readAllBytes(current);
    int end = content.length;
    while (end > 0 && content[end - 1] != '\n') {
      end--;
    }
    if (end < content.length) {
      LOG.log(
          System.Logger.Level.WARNING,
          current
              + ": the last line is incomplete ("
              + (content.length - end)
              + " bytes); dropped");
      try (FileChannel torn = FileChannel.open(current, StandardOpenOption.WRITE)) {
        torn.truncate(end).force(true);
      }
    }
  }

  /**
   * Gives all files names that are none of a ledger.
   *
   * @return the new name of the broken one
   */
  Path setAside(Path broken, long now) throws IOException {
    Path result = broken;
    for (Path file : files()) {
      Path aside = file.resolveSibling(file.getFileName() + ".broken-" + now);
      Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
      if (file.equals(broken)) {
        result = aside;
      }
    }
    return result;
  }
}
