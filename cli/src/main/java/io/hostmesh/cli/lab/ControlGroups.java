package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The lab's control groups: every process of the lab is in one of them from its first instruction
 * on, and so are its children, whatever they do; this is how a service is told from another, and
 * how everything is found at the end.
 *
 * @param top the lab's own group
 */
record ControlGroups(Path top) {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  static ControlGroups of(LabId id) {
    return new ControlGroups(mount().resolve(id.cgroup()));
  }

  /**
   * Where the unified hierarchy (cgroup2) is mounted: {@code /sys/fs/cgroup}, or below it beside
   * v1.
   *
   * @throws UserError where it is not
   */
  static Path mount() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mountinfo"))) {
      return lines
          .filter(line -> line.contains(" - cgroup2 "))
          .map(line -> Path.of(line.split(" ", 6)[4]))
          .findFirst()
          .orElseThrow(
              () ->
                  new UserError(
                      "cgroup2 is not mounted, so services cannot be told apart; mount it: mount -t"
                          + " cgroup2 none /sys/fs/cgroup/unified"));
    } catch (IOException e) {
      throw new UserError("/proc/self/mountinfo: " + e.getMessage(), e);
    }
  }

  Path daemon(String component) {
    return top.resolve("daemons").resolve(component);
  }

  Path instance(String host, String service, int port) {
    return top.resolve(host).resolve(service).resolve(Integer.toString(port));
  }

  /** Where {@code lab exec --as} runs its commands. */
  Path client(String host, String service) {
    return top.resolve(host).resolve(service).resolve("exec");
  }

  /** Where commands without a service run. */
  Path shell(String host) {
    return top.resolve(host).resolve("shell");
  }

  /** The group as the kernel writes it, from the hierarchy's root. */
  String name(Path group) {
    return "/" + mount().relativize(group);
  }

  void make(Path group) {
    try {
      Files.createDirectories(group);
    } catch (IOException e) {
      throw new UserError(
          "cannot make the control group "
              + group
              + ": "
              + e.getMessage()
              + "; the lab needs a writable cgroup2 mount",
          e);
    }
  }

  /** The processes in a group and below. */
  static List<Long> members(Path group) {
    List<Long> members = new ArrayList<>();
    for (Path each : tree(group)) {
      try {
        Files.readAllLines(each.resolve("cgroup.procs")).forEach(p -> members.add(Long.valueOf(p)));
      } catch (IOException e) {
        // The group went away meanwhile, and so its members.
      }
    }
    return List.copyOf(members);
  }

  /** Kills all in a group and below, and removes it; sees to it that none is left. */
  static void remove(Path group) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (Files.isDirectory(group)) {
      for (long pid : members(group)) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
      try {
        for (Path each : tree(group).reversed()) {
          Files.deleteIfExists(each);
        }
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw new UserError("cannot remove the control group " + group + ": " + e, e);
        }
        Pause.of(Duration.ofMillis(5)); // Killed processes leave in a moment.
      }
    }
  }

  /** The group and those below, parents first. */
  private static List<Path> tree(Path group) {
    try (Stream<Path> all = Files.walk(group)) {
      return all.filter(Files::isDirectory).sorted(Comparator.naturalOrder()).toList();
    } catch (NoSuchFileException | java.io.UncheckedIOException e) {
      return List.of();
    } catch (IOException e) {
      throw new UserError(group + ": " + e.getMessage(), e);
    }
  }
}
