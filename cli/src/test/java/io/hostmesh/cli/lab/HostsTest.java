package io.hostmesh.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.runtime.linux.NetworkNamespace;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The hosts of a lab, without the mesh: what a program on them sees, and that nothing remains. */
class HostsTest {
  private static final LabFolder FOLDER = new LabFolder(Path.of("/tmp/hmt-lab-hosts"));
  private static final List<LabHost> HOSTS = LabHost.all(2);

  private final View view = View.of(FOLDER.id(), Map.of("lab", FOLDER.path()));
  private final HostFiles files = new HostFiles(FOLDER, view, HOSTS);
  private final ControlGroups groups = ControlGroups.of(FOLDER.id());
  private final Entry entry =
      new Entry(FOLDER.id(), FOLDER.run().resolve("enter.sh"), files, groups);

  @BeforeEach
  void up() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/proc/1/oom_score_adj")), "needs root");
    Cleanup.all(FOLDER);
    FOLDER.prepare();
    Files.writeString(FOLDER.plan(), "{}");
    try (var script = Lab.class.getResourceAsStream("enter.sh")) {
      Files.write(entry.script(), script.readAllBytes());
    }
    new Network(FOLDER.id()).make(HOSTS);
    for (LabHost host : HOSTS) {
      files.write(host, Map.of("svc-web", 66_001));
    }
  }

  @AfterEach
  void down() {
    Cleanup.all(FOLDER);
    assertThat(FOLDER.path()).doesNotExist();
    assertThat(groups.top()).doesNotExist();
    assertThat(new Network(FOLDER.id()).present()).isEmpty();
  }

  @Test
  void aProgramSeesAHostOfItsOwn() throws Exception {
    assertThat(
            run(
                Entry.as(66_001),
                "id -un; id -u; cat /proc/sys/kernel/hostname; grep -c . /etc/resolv.conf;"
                    + " cat /proc/self/cgroup | tail -n1; ip -4 route show default; pwd"))
        .containsExactly(
            "svc-web",
            "66001",
            "h1",
            "2",
            "0::/" + FOLDER.id().cgroup() + "/h1/web/8080",
            "default via 10.99.0.1 dev eth0 ",
            FOLDER.path().toString());
  }

  @Test
  void hostsReachEachOtherByBothFamilies() throws Exception {
    for (String address : List.of(HOSTS.get(1).ipv4(), HOSTS.get(1).ipv6())) {
      InetSocketAddress there = new InetSocketAddress(InetAddress.ofLiteral(address), 9000);
      try (ServerSocket _ =
          NetworkNamespace.inside(
              FOLDER.id().namespace("h2"),
              () -> new ServerSocket(there.getPort(), 1, there.getAddress()))) {
        boolean reached =
            NetworkNamespace.inside(
                FOLDER.id().namespace("h1"),
                () -> {
                  try (Socket socket = new Socket()) {
                    socket.connect(there, 5_000);
                    return socket.isConnected();
                  }
                });
        assertThat(reached).as(address).isTrue();
      }
    }
    assertThat(run(List.of(), "getent ahostsv4 h2 | head -n1 | cut -d' ' -f1"))
        .containsExactly(HOSTS.get(1).ipv4());
  }

  @Test
  void aSocketIsHandedOver() throws Exception {
    try (ListeningSocket socket =
        NetworkNamespace.inside(
            FOLDER.id().namespace("h1"),
            () ->
                ListeningSocket.tcp(
                    "ready", new InetSocketAddress(InetAddress.ofLiteral("::1"), 15021)))) {
      Path output = FOLDER.path().resolve("log/out");
      int pid =
          Posix.spawn(
              entry.command(
                  HOSTS.getFirst(),
                  groups.daemon("h1"),
                  FOLDER.path(),
                  List.of(),
                  List.of(
                      "sh",
                      "-c",
                      "echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && echo mine;"
                          + " ls /proc/$$/fd; ss -Hltn | grep -c 15021; exit 3")),
              Map.of(
                  "LISTEN_FDS", "1", "LISTEN_FDNAMES", "ready", "PATH", "/usr/sbin:/usr/bin:/bin"),
              output,
              List.of(socket.descriptor()));
      assertThat(Posix.await(pid)).isEqualTo(3);
      assertThat(Files.readAllLines(output))
          .containsExactly("1 ready", "mine", "0", "1", "2", "3", "1");
    }
  }

  @Test
  void whoeverIsLeftIsEnded() throws Exception {
    Path output = FOLDER.path().resolve("log/out");
    int pid =
        Posix.spawn(
            entry.command(
                HOSTS.getFirst(),
                groups.instance("h1", "web", 8080),
                FOLDER.path(),
                List.of(),
                List.of("sh", "-c", "setsid sleep 1000 & exec sleep 1000")),
            Map.of("PATH", "/usr/bin:/bin"),
            output,
            List.of());
    assertThat(
            Pause.until(
                java.time.Duration.ofSeconds(5),
                () -> ControlGroups.members(groups.top()).size() == 2))
        .isTrue();
    ControlGroups.remove(groups.top());
    assertThat(Posix.await(pid)).isEqualTo(128 + 9);
  }

  private List<String> run(List<String> user, String script) throws Exception {
    Path output = Files.createTempFile(FOLDER.path().resolve("log"), "out", "");
    List<String> command =
        entry.command(
            HOSTS.getFirst(),
            groups.instance("h1", "web", 8080),
            FOLDER.path(),
            user,
            List.of("sh", "-c", script));
    int pid =
        Posix.spawn(command, Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), output, List.of());
    assertThat(Posix.await(pid)).as(Files.readString(output)).isZero();
    return Files.readAllLines(output);
  }
}
