package io.hostmesh.runtime.admin;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Every change that operators ask for, in a file of JSON lines. A change has two lines with one
 * {@code id}: who wants what, on disk before anything is done, and what came of it, on disk before
 * it is answered. A change without a second line was cut off by the end of the process. The file is
 * opened for each line, so that a command and a daemon can share it. Safe for any thread; blocks.
 */
public final class AuditLog {
  /** The file's name in a state folder. */
  public static final String FILE = "audit.log";

  private static final System.Logger LOG = System.getLogger(AuditLog.class.getName());
  private static final DateTimeFormatter SUFFIX =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS").withZone(ZoneOffset.UTC);

  /**
   * The object {@code audit} of a configuration.
   *
   * @param keep how long a full file stays
   * @param fileSize how many bytes make a file full
   */
  public record Settings(Duration keep, long fileSize) {
    /** A year, 16 MiB. */
    public static final Settings DEFAULT = new Settings(Duration.ofDays(365), 16 << 20);

    /**
     * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
     */
    public static Settings read(Section section) {
      return new Settings(
          section.duration("keep", DEFAULT.keep), section.bytes("file-size", DEFAULT.fileSize));
    }
  }

  private final Optional<Path> file;
  private final String daemon;
  private final Settings settings;
  private final InstantSource clock;
  private final AtomicLong number = new AtomicLong();
  private final String run;

  /**
   * @param file where; its folder must be there
   * @param daemon whose changes these are, for instance "pilot"
   */
  public AuditLog(Path file, String daemon, Settings settings, InstantSource clock) {
    this(Optional.of(file), daemon, settings, clock);
  }

  private AuditLog(Optional<Path> file, String daemon, Settings settings, InstantSource clock) {
    this.file = file;
    this.daemon = daemon;
    this.settings = settings;
    this.clock = clock;
    this.run = Long.toHexString(clock.millis()) + "-" + ProcessHandle.current().pid();
  }

  /** For what has no state of its own: nothing is kept. */
  public static AuditLog none() {
    return new AuditLog(Optional.empty(), "", Settings.DEFAULT, InstantSource.system());
  }

  /**
   * Writes who wants what.
   *
   * @param action for instance {@code POST /v1/rules}
   * @return the change's id, for {@link #end}
   * @throws UserError where it cannot be written; nothing may be changed then
   */
  public String begin(JsonObject who, String action) {
    String id = run + "-" + number.incrementAndGet();
    append(line(id).put("daemon", daemon).put("who", who).put("action", action));
    return id;
  }

  /**
   * Writes what came of it.
   *
   * @param result {@code done}, or why not
   * @throws UserError where it cannot be written
   */
  public void end(String id, AuditNote note, String result) {
    append(line(id).mergeIn(note.json()).put("result", result));
  }

  private JsonObject line(String id) {
    return new JsonObject().put("time", clock.instant().toString()).put("id", id);
  }

  private synchronized void append(JsonObject line) {
    if (file.isEmpty()) {
      return;
    }
    Path path = file.get();
    ByteBuffer bytes = ByteBuffer.wrap((line.encode() + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      rotate(path);
      boolean isNew = Files.notExists(path, LinkOption.NOFOLLOW_LINKS);
      try (FileChannel channel = open(path)) {
        if (isNew) {
          giveToOwnerOfFolder(path);
        }
        channel.write(bytes); // One call: a line is not torn by another process's.
        if (bytes.hasRemaining()) {
          throw new IOException("the disk took only a part of the line");
        }
        channel.force(false);
      }
    } catch (IOException e) {
      throw new UserError(
          path
              + ": the audit log cannot be written ("
              + e
              + "), so nothing is changed; check the disk and the file's owner",
          e);
    }
  }

  /** Never through a link: a command of root's may write into the folder of the agent's user. */
  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND,
            LinkOption.NOFOLLOW_LINKS),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  /** Root's command may be the first to write. */
  private static void giveToOwnerOfFolder(Path path) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    Object owner = Files.getAttribute(folder, "unix:uid");
    if (!owner.equals(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
      Files.setAttribute(path, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
    }
  }

  private void rotate(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS) || Files.size(path) < settings.fileSize()) {
      return;
    }
    Files.move(path, free(path, SUFFIX.format(clock.instant())), StandardCopyOption.ATOMIC_MOVE);
    Instant oldest = clock.instant().minus(settings.keep());
    for (Path full : full(path)) {
      if (Files.getLastModifiedTime(full).toInstant().isBefore(oldest)) {
        Files.delete(full);
      }
    }
  }

  /** A name that no full file has: nothing is written over. */
  private static Path free(Path path, String suffix) {
    Path free = path.resolveSibling(path.getFileName() + "." + suffix);
    for (int i = 1; Files.exists(free, LinkOption.NOFOLLOW_LINKS); i++) {
      free = path.resolveSibling("%s.%s-%03d".formatted(path.getFileName(), suffix, i));
    }
    return free;
  }

  /** The full files, the oldest first. */
  private static List<Path> full(Path path) throws IOException {
    String prefix = path.getFileName() + ".";
    try (Stream<Path> files = Files.list(path.toAbsolutePath().getParent())) {
      return files
          .filter(each -> String.valueOf(each.getFileName()).startsWith(prefix))
          .sorted(Comparator.comparing(Path::toString))
          .toList();
    }
  }

  /**
   * The newest changes, the oldest of them first, each as one object; {@code result} is {@code
   * unknown} where a change was cut off.
   *
   * @param count how many at most
   * @param since those that began before are left out
   */
  public synchronized List<JsonObject> last(int count, Instant since) {
    if (file.isEmpty()) {
      return List.of();
    }
    try {
      List<Path> files = new ArrayList<>(full(file.get()));
      if (Files.exists(file.get())) {
        files.add(file.get());
      }
      Map<String, JsonObject> changes = new LinkedHashMap<>();
      for (Path each : files) {
        try (Stream<String> lines = Files.lines(each, StandardCharsets.UTF_8)) {
          lines.forEach(line -> join(changes, line, since));
        }
        drop(changes, count);
      }
      return List.copyOf(changes.values());
    } catch (IOException e) {
      throw new UserError(file.get() + ": the audit log cannot be read: " + e, e);
    }
  }

  private static void drop(Map<String, JsonObject> changes, int count) {
    var oldest = changes.keySet().iterator();
    for (int i = changes.size(); i > count; i--) {
      oldest.next();
      oldest.remove();
    }
  }

  private static void join(Map<String, JsonObject> changes, String text, Instant since) {
    JsonObject line;
    try {
      line = new JsonObject(text);
    } catch (io.vertx.core.json.DecodeException e) {
      LOG.log(System.Logger.Level.WARNING, "the audit log has a line that is none: " + text);
      return;
    }
    String id = line.getString("id", "");
    JsonObject begun = changes.get(id);
    if (begun != null) {
      line.remove("time");
      begun.mergeIn(line);
    } else if (line.containsKey("who")
        && !Instant.parse(line.getString("time", Instant.EPOCH.toString())).isBefore(since)) {
      changes.put(id, line.put("result", "unknown"));
    }
  }
}
