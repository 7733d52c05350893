package io.hostmesh.cli;

import io.hostmesh.cli.lab.LabFolder;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminClient;
import io.hostmesh.runtime.admin.AdminSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which mesh a command talks to: a lab's, or that of this machine's installed daemons. */
final class Mesh {
  private static final Path PILOT = Path.of("/run/hostmesh-pilot/pilot.sock");
  private static final Path CITADEL = Path.of("/run/hostmesh-citadel/citadel.sock");
  private static final Path AGENT = Path.of("/run/hostmesh-agent/agent.sock");

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

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

  AdminClient pilot() {
    return client("pilot", PILOT, SpiffeId.Control.Role.PILOT);
  }

  AdminClient citadel() {
    return client("citadel", CITADEL, SpiffeId.Control.Role.CITADEL);
  }

  /**
   * The agent of this machine, or of a lab's host.
   *
   * @param host empty for this machine's
   */
  AdminClient agent(String host) {
    return lab()
        .map(folder -> new AdminSocket(folder.agentSocket(host), "the agent of " + host))
        .orElseGet(() -> new AdminSocket(AGENT, "the agent"));
  }

  /** The operator's folder that was named, for signing. */
  Path identity() {
    return Hostmesh.of(spec)
        .identity()
        .or(() -> Remote.of(Remote.file(System.getenv())).map(Remote::identity))
        .orElseThrow(
            () ->
                new UserError(
                    "name the folder of your operator's certificate: --identity DIR; one is made"
                        + " with hostmesh operator create"));
  }

  /** Daemons of other hosts, where they are meant. */
  private Optional<Remote> remote(Path installed) {
    Hostmesh options = Hostmesh.of(spec);
    if (!options.remote().isEmpty()) {
      if (dir != null) {
        throw new UserError("--dir and --remote: the mesh is in one of these places");
      }
      return Optional.of(Remote.of(options.remote(), identity()));
    }
    return lab().isPresent() || Files.exists(installed)
        ? Optional.empty()
        : Remote.of(Remote.file(System.getenv()));
  }

  private AdminClient client(String daemon, Path installed, SpiffeId.Control.Role role) {
    return remote(installed)
        .<AdminClient>map(remote -> remote.client(role))
        .orElseGet(() -> socket(daemon, installed));
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
              + " is not there); name the lab's folder with --dir, use the machine where "
              + daemon
              + " runs, or ask it there with --remote");
    }
    return socket;
  }
}
