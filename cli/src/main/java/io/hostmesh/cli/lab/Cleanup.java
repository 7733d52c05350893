package io.hostmesh.cli.lab;

import java.nio.file.Files;

/** Removes all that a lab made, however it ended. What is not there is no failure. */
final class Cleanup {
  private Cleanup() {}

  /** Whether anything of a lab is left, running or not. */
  static boolean isNeeded(LabFolder folder) {
    return !new Network(folder.id()).present().isEmpty()
        || Files.isDirectory(ControlGroups.of(folder.id()).top())
        || Files.exists(folder.plan());
  }

  /** Everything but the files. */
  static void machine(LabFolder folder) {
    ControlGroups.remove(ControlGroups.of(folder.id()).top());
    new Network(folder.id()).remove();
    View.remove(folder.id());
  }

  static void all(LabFolder folder) {
    machine(folder);
    folder.clear();
  }
}
