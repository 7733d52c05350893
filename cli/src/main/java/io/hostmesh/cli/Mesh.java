package io.hostmesh.cli;

import io.hostmesh.cli.lab.LabFolder;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which mesh a command talks to: a lab's, or that of this machine's installed daemons. */
final class Mesh {
  private static final Path PILOT = Path.of("/run/hostmesh-pilot/pilot.sock");
  private static final Path CITADEL = Path.of("/run/hostmesh-citadel/citadel.sock");

  @Option(
      names = "--dir",
      paramLabel = "D",
      description = {
        "the lab's folder; without it, the lab in the default folder if one is up there, else the"
            + " daemons of this machine"
      })
  private @Nullable Path dir;

  /** The lab that is meant; empty where it is the installed daemons. */
  Optional<LabFolder> lab() {
    if (dir != null) {
      LabFolder folder = new LabFolder(dir);
      if (!folder.isUp()) {
        throw new UserError(
            "no lab is up in " + folder.path() + "; start one: hostmesh lab up --dir " + dir);
      }
      return Optional.of(folder);
    }
    return Optional.of(new LabFolder(LabFolder.DEFAULT)).filter(LabFolder::isUp);
  }

  AdminSocket pilot() {
    return socket("pilot", PILOT);
  }

  AdminSocket citadel() {
    return socket("citadel", CITADEL);
  }

  private AdminSocket socket(String daemon, Path installed) {
    AdminSocket socket =
        new AdminSocket(lab().map(folder -> folder.socket(daemon)).orElse(installed), daemon);
    if (lab().isEmpty() && !Files.exists(installed)) {
      throw new UserError(
          "no lab is up in "
              + LabFolder.DEFAULT
              + " and no "
              + daemon
              + " runs on this machine ("
              + installed
              + " is not there); name the lab's folder with --dir, or use the machine where "
              + daemon
              + " runs");
    }
    return socket;
  }
}
