package io.hostmesh.citadel.ledger;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The append-only record of what this citadel did: one JSON object a line, each with the hash of
 * the line before ({@link LedgerLine}). An entry is on disk before its certificate leaves. Safe for
 * any thread; appending blocks.
 */
public final class Ledger implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Ledger.class.getName());
  private static final int KEPT = 1000;

  private final Path file;
  private final InstantSource clock;
  private final FileChannel channel;
  private final Deque<JsonObject> last = new ArrayDeque<>();
  private LedgerChain chain;
  private Optional<String> problem;

  /**
   * Opens the ledger and reads all of it. A line that was cut short by a crash is dropped, and said
   * so. Where the chain is broken the file is set aside under another name, a new one begins with
   * an entry that says so, and {@link #problem} stays set.
   *
   * @param reader sees every entry that is intact
   * @throws UserError where the file cannot be used
   */
  public static Ledger open(Path file, InstantSource clock, Consumer<JsonObject> reader) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Optional<LedgerChain.Broken> broken = Optional.empty();
      LedgerChain chain = LedgerChain.EMPTY;
      Deque<JsonObject> entries = new ArrayDeque<>();
      if (Files.exists(file)) {
        cutTornLine(file);
        LedgerChain.Reading reading =
            LedgerChain.read(
                file,
                entry -> {
                  keep(entries, entry);
                  reader.accept(entry);
                });
        chain = reading.chain();
        broken = reading.broken();
      }
      if (broken.isPresent()) {
        return afterBreak(file, clock, broken.get());
      }
      return new Ledger(file, clock, channel(file), chain, entries, Optional.empty());
    } catch (IOException e) {
      throw new UserError(
          file + ": the ledger cannot be used: " + e + "; check its owner, mode and disk", e);
    }
  }

  private static Ledger afterBreak(Path file, InstantSource clock, LedgerChain.Broken broken)
      throws IOException {
    Path aside =
        file.resolveSibling(file.getFileName() + ".broken-" + clock.instant().getEpochSecond());
    Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
    String problem =
        "the ledger was changed: " + aside + ", line " + broken.line() + ": " + broken.reason();
    LOG.log(
        System.Logger.Level.ERROR,
        problem + "; find out who wrote to this file. A new ledger begins");
    Ledger fresh =
        new Ledger(
            file,
            clock,
            channel(file),
            LedgerChain.EMPTY,
            new ArrayDeque<>(),
            Optional.of(problem));
    fresh.append("ledger-broken", new JsonObject().put("problem", problem));
    return fresh;
  }

  private Ledger(
      Path file,
      InstantSource clock,
      FileChannel channel,
      LedgerChain chain,
      Deque<JsonObject> entries,
      Optional<String> problem) {
    this.file = file;
    this.clock = clock;
    this.channel = channel;
    this.chain = chain;
    this.problem = problem;
    this.last.addAll(entries);
  }

  private static FileChannel channel(Path file) throws IOException {
    if (Files.notExists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  /** A crash can leave a part of the last line: it was never answered for, so it may go. */
  private static void cutTornLine(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    int end = content.length;
    while (end > 0 && content[end - 1] != '\n') {
      end--;
    }
    if (end < content.length) {
      LOG.log(
          System.Logger.Level.WARNING,
          file + ": the last line is incomplete (" + (content.length - end) + " bytes); dropped");
      try (FileChannel torn = FileChannel.open(file, StandardOpenOption.WRITE)) {
        torn.truncate(end).force(true);
      }
    }
  }

  /**
   * Appends an entry and waits for the disk.
   *
   * @param event what happened, for instance {@code issue}
   * @throws UserError where it cannot be written; nothing may be answered then
   */
  public synchronized void append(String event, JsonObject facts) {
    Instant now = clock.instant();
    LedgerLine line = chain.next(now, event, facts);
    ByteBuffer bytes = ByteBuffer.wrap(line.text().getBytes(StandardCharsets.UTF_8));
    try {
      long begin = channel.size();
      try {
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(false);
      } catch (IOException e) {
        channel.truncate(begin);
        throw e;
      }
    } catch (IOException e) {
      problem = Optional.of("the ledger cannot be written: " + e.getMessage());
      throw new UserError(file + ": the ledger cannot be written: " + e + "; is the disk full?", e);
    }
    chain = chain.after(line);
    keep(last, line.entry());
  }

  private static void keep(Deque<JsonObject> entries, JsonObject entry) {
    entries.addLast(entry);
    if (entries.size() > KEPT) {
      entries.removeFirst();
    }
  }

  /** The newest entries, oldest first, at most 1000. */
  public synchronized List<JsonObject> last(int count) {
    return last.stream().skip(Math.max(0, last.size() - count)).toList();
  }

  public synchronized LedgerChain chain() {
    return chain;
  }

  /** What is wrong with the ledger since the start; empty while all is well. */
  public synchronized Optional<String> problem() {
    return problem;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, file + ": not closed cleanly", e);
    }
  }
}
