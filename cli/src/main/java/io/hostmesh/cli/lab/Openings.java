package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What root may use and a service's user may not reach, because a folder above is closed to others
 * (a Python below {@code /root}, a script in a {@code mktemp -d}): for the service's processes
 * alone, an open folder stands in its place with just what the command names. Files keep their own
 * permissions.
 */
final class Openings {
  /** By the topmost closed folder: what is to be seen below it. */
  private final Map<Path, SortedSet<Path>> seen = new TreeMap<>();

  private Openings() {}

  /** Those for the absolute paths of a command line. */
  static Openings of(List<String> words) {
    Openings openings = new Openings();
    for (String word : words) {
      if (word.startsWith("/") && word.indexOf('\0') < 0 && Files.exists(Path.of(word))) {
        Path path = Path.of(word).normalize();
        openings.open(path);
        try {
          openings.open(path.toRealPath());
        } catch (IOException e) {
          throw new UserError(word + ": " + e.getMessage(), e);
        }
      }
    }
    return openings;
  }

  private void open(Path path) {
    Path top = null;
    for (int i = 1; i <= path.getNameCount(); i++) {
      Path each = path.getRoot().resolve(path.subpath(0, i));
      boolean closed = Files.isDirectory(each) && !View.isOpenItself(each);
      if (closed && top == null) {
        top = each;
      }
      if (top != null && !closed) {
        // A program finds its own files beside it.
        Path folder = each.getParent();
        boolean isLast = i == path.getNameCount();
        see(top, isLast && folder != null ? entries(folder) : List.of(each));
        return;
      }
    }
    if (top != null) {
      see(top, entries(path));
    }
  }

  private void see(Path top, List<Path> what) {
    seen.computeIfAbsent(top, _ -> new TreeSet<>()).addAll(what);
  }

  private static List<Path> entries(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    } catch (IOException e) {
      throw new UserError(folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * A shell script that mounts this, to be run as root in a mount namespace of its own. What is
   * covered is reached through a descriptor that was opened before.
   */
  String script() {
    StringBuilder script = new StringBuilder();
    seen.forEach(
        (top, paths) -> {
          script.append("exec 9< ").append(quoted(top)).append('\n');
          script
              .append("mount -t tmpfs -o mode=755,size=1m hostmesh ")
              .append(quoted(top))
              .append('\n');
          paths.forEach(path -> script.append(bind(top, path)));
          script.append("exec 9<&-\n");
        });
    return script.toString();
  }

  private static String bind(Path top, Path path) {
    String target = quoted(path);
    String from = "/proc/self/fd/9/" + quoted(top.relativize(path));
    Path folder = path.getParent();
    String parents = "mkdir -p " + quoted(folder == null ? top : folder) + "\n";
    if (Files.isSymbolicLink(path)) {
      return parents + "ln -s \"$(readlink " + from + ")\" " + target + "\n";
    }
    String made = Files.isDirectory(path) ? "mkdir -p " + target : ": > " + target;
    return parents + made + "\nmount --no-canonicalize --bind " + from + " " + target + "\n";
  }

  private static String quoted(Path path) {
    return "'" + path.toString().replace("'", "'\\''") + "'";
  }

  /** An environment whose search path has only folders that a service's user can reach. */
  static Map<String, String> reachable(Map<String, String> env) {
    Map<String, String> kept = new TreeMap<>(env);
    Set<String> folders = new LinkedHashSet<>();
    for (String folder : env.getOrDefault("PATH", "").split(":", -1)) {
      if (folder.startsWith("/")
          && Files.isDirectory(Path.of(folder))
          && View.isOpen(Path.of(folder))) {
        folders.add(folder);
      }
    }
    folders.addAll(List.of("/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"));
    kept.put("PATH", String.join(":", new ArrayList<>(folders)));
    return kept;
  }
}
