package io.hostmesh.citadel.ledger;

import io.vertx.core.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How far a ledger has come. Immutable.
 *
 * @param entries how many lines there are
 * @param head the hash of the last one
 */
public record LedgerChain(long entries, String head) {
  /** Before the first line. */
  public static final LedgerChain EMPTY = new LedgerChain(0, "0".repeat(64));

  /** The first line of a file that does not continue what is before it, from 1, and why. */
  public record Broken(Path file, long line, String reason) {}

  /** What files hold up to their end or the first broken line. */
  public record Reading(LedgerChain chain, Optional<Broken> broken) {}

  LedgerLine next(Instant time, String event, JsonObject facts) {
    JsonObject entry =
        new JsonObject().put("seq", entries + 1).put("time", time.toString()).put("event", event);
    facts.forEach(fact -> entry.put(fact.getKey(), fact.getValue()));
    return LedgerLine.of(entry.put("prev", head));
  }

  LedgerChain after(LedgerLine line) {
    return new LedgerChain(entries + 1, line.hash());
  }

  /** A chain of one file. */
  static Reading read(Path file, Consumer<JsonObject> reader) throws IOException {
    return read(EMPTY, file, reader);
  }

  /** How far the chain had come before a file's first entry; empty where it has none. */
  static Optional<LedgerChain> before(Path file) throws IOException {
    return first(file)
        .map(entry -> new LedgerChain(entry.getLong("seq", 1L) - 1, entry.getString("prev", "")));
  }

  /** A file's first entry; empty where it has none that is whole. */
  static Optional<JsonObject> first(Path file) throws IOException {
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines
          .findFirst()
          .flatMap(line -> LedgerLine.parse(line.getBytes(StandardCharsets.ISO_8859_1)))
          .map(LedgerLine::entry);
    }
  }

  /**
   * Reads whole lines; the file ends with one.
   *
   * @param begin how far the chain had come before this file
   */
  static Reading read(LedgerChain begin, Path file, Consumer<JsonObject> reader)
      throws IOException {
    LedgerChain chain = begin;
    long number = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next != '\n') {
          line.write(next);
          continue;
        }
        number++;
        Optional<LedgerLine> parsed = LedgerLine.parse(line.toByteArray());
        Optional<String> reason = chain.refuses(parsed);
        if (reason.isPresent()) {
          return new Reading(chain, Optional.of(new Broken(file, number, reason.get())));
        }
        chain = chain.after(parsed.orElseThrow());
        reader.accept(parsed.orElseThrow().entry());
        line.reset();
      }
    }
    return new Reading(chain, Optional.empty());
  }

  private Optional<String> refuses(Optional<LedgerLine> line) {
    if (line.isEmpty()) {
      return Optional.of("its content does not have its hash");
    }
    JsonObject entry = line.get().entry();
    if (!head.equals(entry.getValue("prev"))) {
      return Optional.of("it does not follow the line before it");
    }
    return entry.getValue("seq") instanceof Number seq && seq.longValue() == entries + 1
        ? Optional.empty()
        : Optional.of("its number is not " + (entries + 1));
  }
}
