package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the lab's users find folders that lie below a folder closed to them (a checkout in {@code
 * /root}, a lab in a {@code mktemp -d}): at a place in {@code /run} that is mounted for the lab's
 * processes only.
 *
 * @param mounts the place seen by the real folder; empty where nothing is closed
 */
record View(Map<Path, Path> mounts) {
  private static final Path PLACES = Path.of("/run/hostmesh-lab");

  static View of(LabId id, Map<String, Path> folders) {
    Map<Path, Path> mounts = new LinkedHashMap<>();
    folders.forEach(
        (name, folder) -> {
          if (!isOpen(folder.getParent())) {
            mounts.put(folder, place(id).resolve(name));
          }
        });
    return new View(Map.copyOf(mounts));
  }

  private static Path place(LabId id) {
    return PLACES.resolve(id.text());
  }

  /** Whether every user may pass through the folder and all above it. */
  static boolean isOpen(@org.jspecify.annotations.Nullable Path folder) {
    for (Path each = folder; each != null; each = each.getParent()) {
      if (!isOpenItself(each)) {
        return false;
      }
    }
    return true;
  }

  /** Whether every user may pass through the folder, seen for itself. */
  static boolean isOpenItself(Path folder) {
    try {
      return Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_EXECUTE);
    } catch (IOException e) {
      throw new UserError(folder + ": " + e.getMessage(), e);
    }
  }

  /** The path under which the lab's users reach a file. */
  Path seen(Path real) {
    for (Map.Entry<Path, Path> mount : mounts.entrySet()) {
      if (real.startsWith(mount.getKey())) {
        return mount.getValue().resolve(mount.getKey().relativize(real));
      }
    }
    return real;
  }

  /** Makes the places to mount at. */
  void make() {
    try {
      for (Path place : mounts.values()) {
        Files.createDirectories(place);
      }
    } catch (IOException e) {
      throw new UserError("cannot make a folder in /run: " + e, e);
    }
  }

  /** Removes the places of a lab, whatever they were. */
  static void remove(LabId id) {
    Path place = place(id);
    try {
      if (Files.isDirectory(place)) {
        try (var all = Files.list(place)) {
          for (Path each : all.toList()) {
            Files.delete(each);
          }
        }
        Files.delete(place);
      }
      if (Files.isDirectory(PLACES)) {
        try (var others = Files.list(PLACES)) {
          if (others.findAny().isPresent()) {
            return;
          }
        }
        Files.deleteIfExists(PLACES);
      }
    } catch (IOException e) {
      throw new UserError(place + ": cannot be removed: " + e, e);
    }
  }
}
