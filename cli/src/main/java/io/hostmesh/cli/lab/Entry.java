package io.hostmesh.cli.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line that starts a program on a host of the lab, by {@code enter.sh}.
 *
 * @param script where {@code enter.sh} is
 */
record Entry(LabId id, Path script, HostFiles files, ControlGroups groups) {
  /**
   * @param group its control group, which is made
   * @param folder where it starts
   * @param user as {@link #as} says it; empty for root
   */
  List<String> command(
      LabHost host, Path group, Path folder, List<String> user, List<String> program) {
    return command(host, group, folder, user, program, "");
  }

  /**
   * @param mounts shell commands for the program's own mount namespace ({@link Openings#script})
   */
  List<String> command(
      LabHost host,
      Path group,
      Path folder,
      List<String> user,
      List<String> program,
      String mounts) {
    groups.make(group);
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "/bin/sh",
            script.toString(),
            host.name(),
            id.namespace(host.name()),
            files.fstab(host).toString(),
            group.toString(),
            folder.toString(),
            mounts));
    command.addAll(user);
    command.addAll(program);
    return List.copyOf(command);
  }

  /** A user of the lab: no groups, no capabilities. */
  static List<String> as(int uid) {
    return List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups", "--");
  }

  /** A user of the machine with its groups. */
  static List<String> as(String user) {
    return List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "--");
  }

  /**
   * A user of the lab with some capabilities, which its program keeps, and no way to others: as the
   * packages' units have it.
   */
  static List<String> as(int uid, List<String> capabilities) {
    String all = "-all," + String.join(",", capabilities.stream().map(c -> "+" + c).toList());
    return List.of(
        "setpriv",
        "--reuid=" + uid,
        "--regid=" + uid,
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=" + all,
        "--ambient-caps=" + all,
        "--bounding-set=" + all,
        "--");
  }

  /** The owner of the lab's folder, with no capability and no way to one. */
  static List<String> powerless() {
    return List.of("setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--");
  }
}
