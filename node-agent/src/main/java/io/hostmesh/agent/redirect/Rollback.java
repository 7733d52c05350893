package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Undoes a change that nobody confirms. A shell process of its own waits, so that it happens also
 * when whoever made the change is dead or hangs. The script that undoes is a file {@code
 * unconfirmed-<id>.sh}: while it is there the change is unconfirmed, whoever takes it away first
 * decides. Asked to end (SIGTERM), the waiting process undoes at once.
 */
final class Rollback {
  private static final String PENDING = "unconfirmed-";
  private static final String SCRIPT = ".sh";

  private final Tools tools;
  private final Path folder;

  Rollback(Tools tools, Path folder) {
    this.tools = tools;
    this.folder = folder;
  }

  /**
   * A change that waits to be confirmed.
   *
   * @param again whether an older one waited already, whose way back is the one taken
   */
  record Armed(boolean again) {}

  /**
   * Starts to wait. Where an older change is still unconfirmed, its way back stays the one that is
   * taken, with the new time.
   *
   * @param undo shell commands
   */
  Armed arm(String undo, Duration within) {
    try {
      Files.createDirectories(folder);
      Path script = folder.resolve(PENDING + UUID.randomUUID() + SCRIPT);
      Optional<Path> older = pending();
      if (older.isPresent()) {
        Files.move(older.get(), script);
      } else {
        Files.createFile(
            script,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(script, preamble() + undo);
      }
      watch(script, within);
      return new Armed(older.isPresent());
    } catch (IOException e) {
      throw new UserError(
          "capture: cannot write the way back to "
              + folder
              + ": "
              + e
              + ". Nothing was changed; is run-directory writable for this user?",
          e);
    }
  }

  /** The change that is not confirmed yet. */
  Optional<Path> pending() {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().startsWith(PENDING))
          .filter(f -> f.getFileName().toString().endsWith(SCRIPT))
          .findFirst();
    } catch (IOException e) {
      throw new UserError("capture: cannot read " + folder + ": " + e, e);
    }
  }

  /**
   * Makes the change stay.
   *
   * @return false where there is none that waits: confirmed before, or undone by now
   */
  boolean confirm() {
    Optional<Path> script = pending();
    try {
      return script.isPresent() && Files.deleteIfExists(script.get());
    } catch (IOException e) {
      throw new UserError("capture: cannot delete " + script.orElseThrow() + ": " + e, e);
    }
  }

  /** Undoes the unconfirmed change now; nothing where there is none. */
  void undo() {
    Optional<Path> script = pending();
    if (script.isPresent()) {
      tools.run("sh", "-c", TAKE, "sh", script.get().toString());
    }
  }

  private static final String TAKE =
      "mv \"$1\" \"$1.running\" 2>/dev/null || exit 0; sh \"$1.running\"; rm -f \"$1.running\"";

  private void watch(Path script, Duration within) throws IOException {
    String seconds = within.toSeconds() + "." + "%03d".formatted(within.toMillisPart());
    String wait = "trap 'kill $s 2>/dev/null' TERM INT; sleep " + seconds + " & s=$!; wait $s; ";
    tools
        .detached(wait + TAKE, "hostmesh-capture-rollback", script.toString())
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .start();
  }

  private String preamble() {
    StringBuilder text = new StringBuilder("PATH=" + tools.searchPath() + "\nexport PATH\n");
    tools
        .environment()
        .forEach(
            (key, value) ->
                text.append("export ").append(key).append("='").append(value).append("'\n"));
    return text.toString();
  }
}
