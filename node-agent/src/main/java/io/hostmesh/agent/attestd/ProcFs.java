package io.hostmesh.agent.attestd;

import io.hostmesh.agent.workload.PeerProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What proc(5) says of processes. With {@code CAP_SYS_PTRACE} of processes of all users; {@code
 * fdinfo} rather than {@code fd}, whose folder would need to overrule file permissions as well
 * (Linux 5.14 on). A process that has gone by now has nothing. Stateless.
 */
class ProcFs {
  private final Path root;

  /**
   * @param root where it is mounted
   */
  ProcFs(Path root) {
    this.root = root;
  }

  /** The user and the group that a process acts as, as this host numbers them. */
  record Credentials(int uid, int gid) {}

  /** When a process began, in clock ticks since the host booted; empty where it is gone. */
  OptionalLong started(int pid) {
    return read(pid, "stat")
        .map(
            stat ->
                // The name stands in brackets and may hold anything; field 22 is the 20th behind
                // it.
                stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1))
        .filter(fields -> fields.length > 19)
        .map(fields -> OptionalLong.of(Long.parseLong(fields[19])))
        .orElse(OptionalLong.empty());
  }

  Optional<Credentials> credentials(int pid) {
    return read(pid, "status")
        .flatMap(
            status -> {
              Optional<Integer> uid = effective(status, "Uid:");
              Optional<Integer> gid = effective(status, "Gid:");
              return uid.isPresent() && gid.isPresent()
                  ? Optional.of(new Credentials(uid.get(), gid.get()))
                  : Optional.empty();
            });
  }

  private static Optional<Integer> effective(String status, String key) {
    return status
        .lines()
        .filter(line -> line.startsWith(key))
        .findFirst()
        .map(line -> Integer.parseUnsignedInt(line.split("\\s+", -1)[2]));
  }

  /** The control group in which a process is now, as its file of /proc has it. */
  Optional<String> cgroup(int pid) {
    return read(pid, "cgroup").flatMap(groups -> PeerProcesses.cgroup(groups.lines().toList()));
  }

  /** The file that a process runs. */
  Path executable(int pid) {
    return root.resolve(Integer.toString(pid)).resolve("exe");
  }

  /** Its path as the process's mount namespace has it; a deleted file's ends so. */
  Optional<String> executablePath(int pid) {
    try {
      return Optional.of(Files.readSymbolicLink(executable(pid)).toString());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  Path networkNamespace(int pid) {
    return root.resolve(Integer.toString(pid)).resolve("ns/net");
  }

  /**
   * Whether a process has the socket open.
   *
   * @param mount the number of the mount that all sockets are on, so that a file's inode number is
   *     not taken for a socket's
   */
  boolean holds(int pid, long inode, int mount) {
    Path folder = root.resolve(Integer.toString(pid)).resolve("fdinfo");
    String ino = "ino:\t" + Long.toUnsignedString(inode) + "\n";
    String mnt = "mnt_id:\t" + mount + "\n";
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (has(file, ino, mnt)) {
          return true;
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // It is gone, or not ours to see.
      return false;
    }
    return false;
  }

  private static boolean has(Path file, String ino, String mnt) {
    try {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      return text.contains(ino) && text.contains(mnt);
    } catch (IOException e) {
      return false; // Closed meanwhile.
    }
  }

  /** The processes of a control group and of all below it. */
  static List<Integer> members(Path cgroup) {
    List<Integer> pids = new ArrayList<>();
    try (java.util.stream.Stream<Path> groups = Files.walk(cgroup)) {
      for (Path group : groups.filter(Files::isDirectory).toList()) {
        for (String line : Files.readAllLines(group.resolve("cgroup.procs"))) {
          pids.add(Integer.parseInt(line));
        }
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      return pids; // A group went away under the walk.
    }
    return pids;
  }

  private Optional<String> read(int pid, String name) {
    try {
      return Optional.of(
          Files.readString(
              root.resolve(Integer.toString(pid)).resolve(name), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
