package io.hostmesh.citadel.ledger;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The append-only record of what this citadel did: one JSON object a line, each with the hash of
 * the line before ({@link LedgerLine}). An entry is on disk before its certificate leaves; entries
 * that come together go to the disk together. A full file becomes a segment ({@link
 * LedgerSegments}), which is removed when it is old, and the chain says so. Safe for any thread;
 * appending blocks.
 */
public final class Ledger implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Ledger.class.getName());
  private static final int KEPT = 1000;

  /**
   * The object {@code ledger} of citadel's configuration.
   *
   * @param keep how long entries are kept, at the least
   * @param fileSize how many bytes make a file full
   */
  public record Settings(Duration keep, long fileSize) {
    /** 90 days, 64 MiB. */
    public static final Settings DEFAULT = new Settings(Duration.ofDays(90), 64L << 20);

    /**
     * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
     */
    public static Settings read(Section section) {
      Duration keep = section.duration("keep", DEFAULT.keep);
      if (keep.compareTo(Duration.ofDays(31)) < 0) {
        throw section.refuse("keep", "is shorter than 31d; used join tokens are known from it");
      }
      return new Settings(keep, section.bytes("file-size", DEFAULT.fileSize));
    }

    /** A quiet ledger begins new files too, so that old entries can go. */
    Duration oldest() {
      return keep.dividedBy(10);
    }
  }

  /** An entry on its way to the disk. Guarded by the ledger. */
  private static final class Pending {
    private final LedgerLine line;
    private boolean done;
    private @Nullable UserError failure;

    Pending(LedgerLine line) {
      this.line = line;
    }
  }

  private final LedgerSegments segments;
  private final Settings settings;
  private final InstantSource clock;

  /** Held by the one that writes for all who wait. */
  private final ReentrantLock disk = new ReentrantLock();

  private FileChannel channel; // Guarded by disk.
  private Instant begun; // Of the current file; guarded by disk.

  // All guarded by this.
  private final Deque<JsonObject> last = new ArrayDeque<>();
  private List<Pending> waiting = new ArrayList<>();
  private LedgerChain chain;
  private LedgerChain durable;
  private Optional<String> problem;
  private Optional<String> doubt = Optional.empty();

  /** As the other, with the usual settings. */
  public static Ledger open(Path file, InstantSource clock, Consumer<JsonObject> reader) {
    return open(file, Settings.DEFAULT, clock, reader);
  }

  /**
   * Opens the ledger and reads all of it. A line that was cut short by a crash is dropped, and said
   * so. Where the chain is broken the files are set aside under other names, a new ledger begins
   * with an entry that says so, and {@link #problem} stays set.
   *
   * @param reader sees every entry that is intact
   * @throws UserError where the files cannot be used
   */
  public static Ledger open(
      Path file, Settings settings, InstantSource clock, Consumer<JsonObject> reader) {
    LedgerSegments segments = new LedgerSegments(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      segments.cutTornLine();
      Deque<JsonObject> entries = new ArrayDeque<>();
      LedgerChain.Reading reading =
          segments.read(
              entry -> {
                keep(entries, entry);
                reader.accept(entry);
              });
      if (reading.broken().isPresent()) {
        return afterBreak(segments, settings, clock, reading.broken().get());
      }
      return new Ledger(segments, settings, clock, reading.chain(), entries, Optional.empty());
    } catch (IOException e) {
      throw new UserError(
          file + ": the ledger cannot be used: " + e + "; check its owner, mode and disk", e);
    }
  }

  private static Ledger afterBreak(
      LedgerSegments segments, Settings settings, InstantSource clock, LedgerChain.Broken broken)
      throws IOException {
    Path aside = segments.setAside(broken.file(), clock.instant().getEpochSecond());
    String problem =
        "the ledger was changed: " + aside + ", line " + broken.line() + ": " + broken.reason();
    LOG.log(
        System.Logger.Level.ERROR,
        problem + "; find out who wrote to this file. A new ledger begins");
    Ledger fresh =
        new Ledger(
            segments, settings, clock, LedgerChain.EMPTY, new ArrayDeque<>(), Optional.of(problem));
    fresh.append("ledger-broken", new JsonObject().put("problem", problem));
    return fresh;
  }

  private Ledger(
      LedgerSegments segments,
      Settings settings,
      InstantSource clock,
      LedgerChain chain,
      Deque<JsonObject> entries,
      Optional<String> problem)
      throws IOException {
    this.segments = segments;
    this.settings = settings;
    this.clock = clock;
    this.begun = segments.begun().orElseGet(clock::instant);
    this.channel = channel(segments.current());
    this.chain = chain;
    this.durable = chain;
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

  /**
   * Appends an entry and waits for the disk.
   *
   * @param event what happened, for instance {@code issue}
   * @throws UserError where it cannot be written; nothing may be answered then
   */
  public void append(String event, JsonObject facts) {
    Pending mine;
    synchronized (this) {
      mine = new Pending(chain.next(clock.instant(), event, facts));
      chain = chain.after(mine.line);
      waiting.add(mine);
    }
    disk.lock(); // Who waited here finds its entry written by the one before, mostly.
    try {
      if (!isDone(mine)) {
        writeWaiting();
      }
    } finally {
      disk.unlock();
    }
    synchronized (this) {
      if (mine.failure != null) {
        throw mine.failure;
      }
    }
  }

  private synchronized boolean isDone(Pending pending) {
    return pending.done;
  }

  /** Writes all that wait with one fsync. */
  private void writeWaiting() {
    List<Pending> batch;
    synchronized (this) {
      batch = waiting;
      waiting = new ArrayList<>();
    }
    try {
      long begin = channel.size();
      try {
        ByteBuffer bytes = bytes(batch);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(false);
      } catch (IOException e) {
        channel.truncate(begin);
        throw e;
      }
      written(batch);
      rotate();
    } catch (IOException e) {
      failed(batch, e);
    }
  }

  private static ByteBuffer bytes(List<Pending> batch) {
    StringBuilder text = new StringBuilder();
    batch.forEach(pending -> text.append(pending.line.text()));
    return ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private synchronized void written(List<Pending> batch) {
    for (Pending pending : batch) {
      pending.done = true;
      durable = durable.after(pending.line);
      keep(last, pending.line.entry());
    }
  }

  /** What was chained behind the lost entries is lost with them. */
  private synchronized void failed(List<Pending> batch, IOException cause) {
    problem = Optional.of("the ledger cannot be written: " + cause.getMessage());
    List<Pending> lost = new ArrayList<>(batch);
    lost.addAll(waiting);
    waiting = new ArrayList<>();
    chain = durable;
    for (Pending pending : lost) {
      if (!pending.done) {
        pending.done = true;
        pending.failure =
            new UserError(
                segments.current()
                    + ": the ledger cannot be written: "
                    + cause
                    + "; is the disk full?",
                cause);
      }
    }
  }

  /** Begins a new file where this one is full or old, and lets go what is kept long enough. */
  private void rotate() throws IOException {
    Instant now = clock.instant();
    if (channel.size() < settings.fileSize() && now.isBefore(begun.plus(settings.oldest()))) {
      return;
    }
    channel.close();
    segments.close();
    channel = channel(segments.current());
    begun = now;
    Optional<LedgerSegments.Retired> old = segments.old(now.minus(settings.keep()));
    if (old.isPresent() && note(old.get())) {
      old.get().remove();
    }
  }

  /** The chain tells from where on it is kept, so that nobody else can take its beginning away. */
  private boolean note(LedgerSegments.Retired old) throws IOException {
    Pending pending;
    synchronized (this) {
      if (!waiting.isEmpty()) { // They are chained already: next time.
        return false;
      }
      pending =
          new Pending(
              chain.next(
                  clock.instant(),
                  LedgerSegments.RETIRED,
                  new JsonObject()
                      .put("through", old.before().entries())
                      .put("head", old.before().head())));
      chain = chain.after(pending.line);
    }
    List<Pending> batch = List.of(pending);
    ByteBuffer bytes = bytes(batch);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(false);
    written(batch);
    return true;
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

  /** How far it has come on disk. */
  public synchronized LedgerChain chain() {
    return durable;
  }

  /** What is wrong with the ledger since the start; empty while all is well. */
  public synchronized Optional<String> problem() {
    return problem.or(() -> doubt);
  }

  /** Somebody else knows better: this is wrong with it until {@link #accept}. */
  synchronized void doubt(String why) {
    doubt = Optional.of(why);
  }

  /** A person has looked at what is wrong and goes on with the ledger as it is. */
  synchronized void accept() {
    problem = Optional.empty();
    doubt = Optional.empty();
  }

  /**
   * The hash of the last of so many first entries, from memory where it is of the newest ones.
   *
   * @return empty where there are fewer, or where those were removed because of their age
   */
  Optional<String> hashAfter(long entries) throws IOException {
    synchronized (this) {
      if (entries >= durable.entries()) {
        return entries == durable.entries() ? Optional.of(durable.head()) : Optional.empty();
      }
      for (JsonObject entry : last) {
        if (entry.getLong("seq", 0L) == entries + 1) {
          return Optional.of(entry.getString("prev", ""));
        }
      }
    }
    AtomicReference<Optional<String>> found = new AtomicReference<>(Optional.empty());
    var _ =
        reread(
            entry -> {
              if (entry.getLong("seq", 0L) == entries + 1) {
                found.set(Optional.of(entry.getString("prev", "")));
              }
            });
    return found.get();
  }

  /**
   * Reads all files again, as whoever has changed one would not like.
   *
   * @param reader sees every entry that is intact
   */
  public LedgerChain.Reading reread(Consumer<JsonObject> reader) throws IOException {
    disk.lock();
    try {
      return segments.read(reader);
    } finally {
      disk.unlock();
    }
  }

  @Override
  public void close() {
    disk.lock();
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, segments.current() + ": not closed cleanly", e);
    } finally {
      disk.unlock();
    }
  }
}
