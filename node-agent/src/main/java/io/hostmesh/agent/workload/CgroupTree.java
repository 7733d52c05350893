package io.hostmesh.agent.workload;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The control groups of this host by their ids. A group's id is the inode number of its folder in
 * the cgroup2 file system; the kernel gives none twice before a reboot, and a group never changes
 * its path, so what was once learned stays true. Safe for any thread: an id that was seen before
 * costs a map's look-up, a new one a walk through the tree (about 1 ms for 200 groups).
 */
public final class CgroupTree {
  private static final int MOST_REMEMBERED = 50_000;

  private final Path root;
  private final Map<Long, Optional<String>> paths = new ConcurrentHashMap<>();

  /**
   * @param root where the cgroup2 file system is mounted
   */
  public CgroupTree(Path root) {
    this.root = root;
  }

  /**
   * The host's own tree: {@code /sys/fs/cgroup}, or {@code /sys/fs/cgroup/unified} beside cgroup
   * v1.
   *
   * @throws UserError where the kernel has no cgroup2
   */
  public static CgroupTree ofHost() {
    try {
      return new CgroupTree(
          mount(Files.readAllLines(Path.of("/proc/self/mountinfo")))
              .orElseThrow(
                  () ->
                      new UserError(
                          "no cgroup2 file system is mounted, so no process can be told from another;"
                              + " mount -t cgroup2 none /sys/fs/cgroup/unified")));
    } catch (IOException e) {
      throw new UserError("cannot read /proc/self/mountinfo: " + e, e);
    }
  }

  /** Reads proc_pid_mountinfo(5): field 5 is the mount point, the type comes behind a hyphen. */
  static Optional<Path> mount(List<String> mountinfo) {
    for (String line : mountinfo) {
      int hyphen = line.indexOf(" - ");
      String[] words = line.split(" ", -1);
      if (hyphen > 0 && words.length > 4 && line.startsWith("cgroup2 ", hyphen + 3)) {
        return Optional.of(Path.of(words[4].replace("\\040", " ")));
      }
    }
    return Optional.empty();
  }

  /** Where the tree is mounted. */
  public Path root() {
    return root;
  }

  /**
   * The group's path from the mount, {@code /} for the root; empty where there is no such group any
   * more.
   */
  public Optional<String> path(long id) {
    Optional<String> known = paths.get(id);
    if (known != null) {
      return known;
    }
    if (paths.size() > MOST_REMEMBERED) {
      paths.clear();
    }
    walk();
    // Ids are given in order of time: one that is not there now will never be.
    return paths.computeIfAbsent(id, _ -> Optional.empty());
  }

  private void walk() {
    try {
      Files.walkFileTree(root, new Learning());
    } catch (IOException e) {
      throw new IllegalStateException("cannot walk through " + root + ": " + e, e);
    }
  }

  private final class Learning extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
        throws IOException {
      paths.put(
          (Long) Files.getAttribute(folder, "unix:ino"),
          Optional.of("/" + root.relativize(folder)));
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      // Groups come and go while we walk.
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(
        Path folder, @org.jspecify.annotations.Nullable IOException e) {
      return FileVisitResult.CONTINUE;
    }
  }
}
