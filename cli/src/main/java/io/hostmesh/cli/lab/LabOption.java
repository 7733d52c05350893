package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which lab is meant. */
final class LabOption {
  @Option(
      names = "--dir",
      paramLabel = "D",
      description = "the lab's folder (default: ${DEFAULT-VALUE})")
  private Path dir = LabFolder.DEFAULT;

  LabFolder folder() {
    return new LabFolder(dir);
  }

  /** The supervisor's socket of a lab that is up. */
  AdminSocket supervisor() {
    LabFolder folder = folder();
    requireRoot("use the lab");
    if (!folder.isUp()) {
      throw new UserError(
          "no lab is up in " + folder.path() + "; start one: hostmesh lab up --hosts 2");
    }
    return new AdminSocket(folder.socket("lab"), "the lab in " + folder.path());
  }

  /**
   * @throws UserError where this is not root, with the command to use
   */
  static void requireRoot(String what) {
    try {
      if ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") != 0) {
        String command =
            ProcessHandle.current()
                .info()
                .arguments()
                .map(LabOption::typed)
                .orElse("hostmesh lab ...");
        throw new UserError("only root can " + what + "; run: sudo " + command);
      }
    } catch (java.io.IOException e) {
      throw new UserError("/proc/self: " + e.getMessage(), e);
    }
  }

  /** What the person typed, of the whole Java command line. */
  private static String typed(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("io.hostmesh.cli.Hostmesh")) {
        return "./hostmesh "
            + String.join(" ", java.util.List.of(arguments).subList(i + 1, arguments.length));
      }
    }
    return "./hostmesh lab ...";
  }
}
