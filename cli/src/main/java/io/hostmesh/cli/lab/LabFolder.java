package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder in which a lab keeps all its files.
 *
 * @param path absolute, without links
 */
public record LabFolder(Path path) {
  /** Where a lab is unless {@code --dir} says otherwise. */
  public static final Path DEFAULT = Path.of("/var/lib/hostmesh-lab");

  /** Unix socket paths end at 107 bytes (unix(7)); the longest of ours takes 30. */
  private static final int MAX_LENGTH = 76;

  /** All that a lab makes in its folder; nothing else is ever removed. */
  private static final List<String> CONTENT =
      List.of("lab.json", "lock", "run", "log", "state", "conf", "hosts");

  public LabFolder {
    path = LabId.canonical(path);
  }

  /** The lab's id. */
  LabId id() {
    return LabId.of(path);
  }

  /** What {@code lab up} was asked for. */
  Path plan() {
    return path.resolve("lab.json");
  }

  /** Whether a lab was started here and not taken down; it may have crashed. */
  public boolean isUp() {
    return Files.exists(plan());
  }

  /** Held locked by the supervisor while it lives. */
  Path lock() {
    return path.resolve("lock");
  }

  Path run() {
    return path.resolve("run");
  }

  /** A daemon's admin socket: of {@code lab}, {@code pilot} or {@code citadel}. */
  public Path socket(String component) {
    return run().resolve(component + ".sock");
  }

  /** The admin socket of a host's agent, in a folder that is the agent's own. */
  public Path agentSocket(String host) {
    return agentRun(host).resolve("agent.sock");
  }

  Path agentRun(String host) {
    return run().resolve(host);
  }

  Path log(String component) {
    return path.resolve("log").resolve(component + ".log");
  }

  /** Where a host's agent writes a line for each request and connection. */
  Path accessLog(String host) {
    return log(host + "-access");
  }

  /** A daemon's state; 0700 and its own. */
  Path state(String component) {
    return path.resolve("state").resolve(component);
  }

  Path conf(String component) {
    return path.resolve("conf").resolve(component + ".conf");
  }

  /** A host's own files: what stands for parts of its {@code /etc}, its services' homes. */
  Path host(String host) {
    return path.resolve("hosts").resolve(host);
  }

  Path servicesD(String host) {
    return host(host).resolve("services.d");
  }

  /** Where an instance of a service runs, and where its output goes. */
  Path home(String host, String service, int port) {
    return host(host).resolve(service + "-" + port);
  }

  /**
   * Makes the folder ready for a new lab.
   *
   * @throws UserError where it is not a lab's and has other things in it, or cannot be made
   */
  void prepare() {
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH) {
      throw new UserError(
          path
              + ": too long for the paths of unix sockets; use a folder of at most "
              + MAX_LENGTH
              + " bytes");
    }
    try {
      if (Files.exists(path) && !isUp() && hasOthers()) {
        throw new UserError(
            path + ": is not empty and not a lab's; name a new or an empty folder with --dir");
      }
      Files.createDirectories(path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
      for (String folder : List.of("run", "log", "state", "conf", "hosts")) {
        Files.createDirectories(path.resolve(folder));
      }
    } catch (IOException e) {
      throw new UserError(path + ": cannot be made: " + e, e);
    }
  }

  private boolean hasOthers() throws IOException {
    try (Stream<Path> content = Files.list(path)) {
      return content.anyMatch(file -> !CONTENT.contains(file.getFileName().toString()));
    }
  }

  private boolean isEmpty() throws IOException {
    try (Stream<Path> content = Files.list(path)) {
      return content.findAny().isEmpty();
    }
  }

  /** Removes what a lab has in it, and the folder itself where nothing else remains. */
  void clear() {
    for (String name : CONTENT) {
      delete(path.resolve(name));
    }
    try {
      if (Files.isDirectory(path) && isEmpty()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UserError(path + ": cannot be removed: " + e, e);
    }
  }

  private static void delete(Path top) {
    if (!Files.exists(top, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(top)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      delete(top); // A process that just ended took a file away meanwhile.
    } catch (IOException | UncheckedIOException e) {
      throw new UserError(top + ": cannot be removed: " + e.getMessage(), e);
    }
  }
}
