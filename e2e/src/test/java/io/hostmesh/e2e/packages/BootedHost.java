package io.hostmesh.e2e.packages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A host that boots systemd, in {@code systemd-nspawn}: its own network, process numbers and
 * cgroups. What it writes is gone when it stops. One that an earlier, killed run left is ended
 * first.
 */
final class BootedHost {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final String name;
  private final Process nspawn;
  private final long leader;

  private BootedHost(String name, Process nspawn, long leader) {
    this.name = name;
    this.nspawn = nspawn;
    this.leader = leader;
  }

  /**
   * Boots.
   *
   * @param name unique among the hosts of all stories
   * @param root a Debian; only read
   * @param packages a folder that the host sees as {@code /packages}
   */
  static BootedHost boot(String name, Path root, Path packages) throws Exception {
    endEarlier(name);
    Path cgroup = Files.createDirectories(cgroups().resolve("hostmesh-story-" + name));
    Process nspawn =
        new ProcessBuilder(
                "sh",
                "-c",
                "echo $$ > '"
                    + cgroup
                    + "/cgroup.procs'; SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec \"$@\"",
                "sh",
                "systemd-nspawn",
                machine(name),
                "--directory=" + root,
                "--volatile=overlay",
                "--bind-ro=" + packages + ":/packages",
                "--boot",
                "--private-network",
                "--register=no",
                "--keep-unit",
                "--resolv-conf=off",
                "--console=read-only",
                "--quiet")
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      long leader = within(SOON, "systemd of " + name + " starts", () -> leader(nspawn));
      BootedHost host = new BootedHost(name, nspawn, leader);
      within(SOON, name + " boots", () -> host.isUp() ? 1L : 0L);
      return host;
    } catch (Exception | AssertionError e) {
      end(name, nspawn);
      throw e;
    }
  }

  /** Joins two hosts by a wire; each end gets an address of a /24. */
  static void wire(BootedHost one, String oneAddress, BootedHost other, String otherAddress)
      throws Exception {
    Shell.ok(
        SOON,
        List.of(
            "ip",
            "link",
            "add",
            "mesh0",
            "netns",
            String.valueOf(one.leader),
            "type",
            "veth",
            "peer",
            "name",
            "mesh0",
            "netns",
            String.valueOf(other.leader)));
    one.address(oneAddress);
    other.address(otherAddress);
  }

  private void address(String address) throws Exception {
    ok("ip addr add " + address + "/24 dev mesh0 && ip link set mesh0 up");
  }

  /** Runs a shell command on the host, as its root. */
  Shell.Said run(String command) throws Exception {
    return Shell.run(SOON, inside(command));
  }

  /** Runs a shell command that must succeed, and gives what it said. */
  String ok(String command) throws Exception {
    return Shell.ok(SOON, inside(command));
  }

  /** Repeats a shell command until it succeeds. */
  String eventually(Duration within, String command) throws Exception {
    Instant deadline = Instant.now().plus(within);
    Shell.Said said = run(command);
    while (said.status() != 0 && Instant.now().isBefore(deadline)) {
      TimeUnit.MILLISECONDS.sleep(200);
      said = run(command);
    }
    if (said.status() != 0) {
      throw new AssertionError(
          name + " within " + within + ": " + command + "\n" + said.output() + "\n" + journal());
    }
    return said.output();
  }

  /** Writes a file on the host, with its folders. */
  void write(String file, String text) throws Exception {
    Path target = Path.of("/proc", String.valueOf(leader), "root").resolve(file.substring(1));
    Files.createDirectories(target.getParent());
    Files.writeString(target, text);
  }

  /** What the daemons have said. */
  String journal() throws Exception {
    return run("journalctl --no-pager -o cat -n 200 -u 'hostmesh*'").output();
  }

  private List<String> inside(String command) {
    return List.of(
        "nsenter", "--target", String.valueOf(leader), "--all", "--", "/bin/sh", "-c", command);
  }

  private boolean isUp() throws Exception {
    String state = run("systemctl is-system-running").output().strip();
    return state.equals("running") || state.equals("degraded");
  }

  /** Shuts down, and leaves nothing. */
  void stop() throws Exception {
    end(name, nspawn);
  }

  private static void end(String name, Process nspawn) throws Exception {
    nspawn.destroy();
    if (!nspawn.waitFor(30, TimeUnit.SECONDS)) {
      nspawn.destroyForcibly().waitFor();
    }
    removeCgroup(name);
  }

  private static String machine(String name) {
    return "--machine=hostmesh-story-" + name;
  }

  private static void endEarlier(String name) throws Exception {
    List<ProcessHandle> earlier =
        ProcessHandle.allProcesses().filter(process -> isOf(process.pid(), machine(name))).toList();
    for (ProcessHandle process : earlier) {
      process.destroyForcibly();
      process.onExit().get(10, TimeUnit.SECONDS);
    }
    removeCgroup(name);
  }

  private static boolean isOf(long pid, String argument) {
    try {
      String line = Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
      return line.startsWith("systemd-nspawn\0") && line.contains("\0" + argument + "\0");
    } catch (IOException e) {
      return false; // It has just ended.
    }
  }

  /** The child that is the first process of its own kind; 0 where it is not there yet. */
  private static long leader(Process nspawn) {
    return nspawn
        .children()
        .map(ProcessHandle::pid)
        .filter(BootedHost::isInit)
        .findFirst()
        .orElse(0L);
  }

  private static boolean isInit(long pid) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(pid), "status"))
          .lines()
          .anyMatch(line -> line.startsWith("NSpid:") && line.endsWith("\t1"));
    } catch (IOException e) {
      return false; // It has just ended.
    }
  }

  private static void removeCgroup(String name) throws Exception {
    Path cgroup = cgroups().resolve("hostmesh-story-" + name);
    if (Files.isDirectory(cgroup)) {
      Files.writeString(cgroup.resolve("cgroup.kill"), "1");
      List<String> delete = List.of("find", cgroup.toString(), "-depth", "-type", "d", "-delete");
      within(SOON, cgroup + " empties", () -> Shell.run(SOON, delete).status() == 0 ? 1L : 0L);
    }
  }

  /** Where cgroup 2 is mounted: alone, or beside the first version. */
  private static Path cgroups() throws IOException {
    try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mountinfo"))) {
      return mounts
          .filter(line -> line.contains(" - cgroup2 "))
          .map(line -> Path.of(line.split(" ", -1)[4]))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("cgroup 2 is not mounted"));
    }
  }

  private static long within(Duration within, String what, Callable<Long> condition)
      throws Exception {
    Instant deadline = Instant.now().plus(within);
    long value = condition.call();
    while (value == 0 && Instant.now().isBefore(deadline)) {
      TimeUnit.MILLISECONDS.sleep(100);
      value = condition.call();
    }
    if (value == 0) {
      throw new AssertionError("not within " + within + ": " + what);
    }
    return value;
  }
}
