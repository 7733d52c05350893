package io.hostmesh.agent.attestd;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.redirect.TestHost;
import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.ProcessQuestion;
import io.hostmesh.agent.workload.ServiceProcess;
import io.hostmesh.agent.workload.SocketHolders;
import io.hostmesh.agent.workload.SocketQuestion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the privileged helper finds out of real sockets of real processes. */
class HoldersTest {
  private static final int USER = 4811;
  private static final String LOOPBACK = "127.0.0.1";

  private final CgroupTree cgroups = CgroupTree.ofHost();
  private final Holders holders =
      new Holders(cgroups, new ProcFs(Path.of("/proc")), new ExecutableHashes());
  private TestHost host;
  private ServiceProcess.Group group;
  private ServiceProcess.Group other;

  @BeforeEach
  void build() throws Exception {
    host = TestHost.make("hmt-holders");
    group = ServiceProcess.Group.make(cgroups, "hmt-holders-web");
    other = ServiceProcess.Group.make(cgroups, "hmt-holders-other");
  }

  @AfterEach
  void clear() throws Exception {
    group.close();
    other.close();
    host.close();
  }

  private static InetSocketAddress at(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(LOOPBACK), port);
  }

  private static SocketQuestion connection(int from, int to) {
    return new SocketQuestion(SocketQuestion.About.CONNECTION, true, at(from), at(to));
  }

  private static Path java() throws Exception {
    return Path.of(System.getProperty("java.home"), "bin", "java").toRealPath();
  }

  @Test
  void aConnectionsProcessIsToldByWhatItRuns() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, group.path(), USER, LOOPBACK, server.getLocalPort())) {
      SocketHolders found =
          host.call(() -> holders.of(connection(caller.port(), server.getLocalPort())));

      assertThat(found)
          .isInstanceOfSatisfying(
              SocketHolders.Known.class,
              known -> {
                assertThat(known.uid()).isEqualTo(USER);
                assertThat(known.processes()).hasSize(1);
                SocketHolders.Holder holder = known.processes().getFirst();
                assertThat((long) holder.pid()).isEqualTo(caller.pid());
                assertThat(holder.executable()).isEqualTo(text());
                assertThat(holder.sha256().orElseThrow()).isEqualTo(sha256());
              });
    }
  }

  private static String text() {
    try {
      return java().toString();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String sha256() {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(java())));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aListenersProcessesAreToldAndThoseOfOtherAddressesAreNot() throws Exception {
    try (ServiceProcess own = ServiceProcess.listening(host, group.path(), USER, LOOPBACK, 18090);
        ServiceProcess elsewhere =
            ServiceProcess.listening(host, other.path(), 0, "127.0.0.2", 18090)) {
      assertThat(elsewhere.port()).isEqualTo(own.port());
      SocketHolders found =
          host.call(
              () ->
                  holders.of(
                      new SocketQuestion(
                          SocketQuestion.About.LISTENERS, false, at(18090), at(18090))));
      assertThat(found)
          .isInstanceOfSatisfying(
              SocketHolders.Known.class,
              known ->
                  assertThat(known.processes())
                      .extracting(SocketHolders.Holder::pid)
                      .containsExactly((int) own.pid()));
    }
  }

  @Test
  void aProcessThatHasLeftTheGroupIsNotFoundUnderIt() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, group.path(), USER, LOOPBACK, server.getLocalPort())) {
      Files.writeString(other.path().resolve("cgroup.procs"), "" + caller.pid());
      assertThat(host.call(() -> holders.of(connection(caller.port(), server.getLocalPort()))))
          .isInstanceOfSatisfying(
              SocketHolders.Unknown.class,
              unknown ->
                  assertThat(unknown.why())
                      .startsWith("no process of /hmt-holders-web holds it any more"));
    }
  }

  @Test
  void aPidThatIsAnotherProcessByNowIsNotTakenForTheFirst() throws Exception {
    // Says at the second look that the process began later, as after the pid's reuse.
    final class Reusing extends ProcFs {
      private int looks;

      Reusing() {
        super(Path.of("/proc"));
      }

      @Override
      OptionalLong started(int pid) {
        OptionalLong real = super.started(pid);
        looks++;
        return looks % 2 == 0 && real.isPresent() ? OptionalLong.of(real.getAsLong() + 1) : real;
      }
    }
    Holders fooled = new Holders(cgroups, new Reusing(), new ExecutableHashes());
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, group.path(), USER, LOOPBACK, server.getLocalPort())) {
      assertThat(host.call(() -> fooled.of(connection(caller.port(), server.getLocalPort()))))
          .isInstanceOf(SocketHolders.Unknown.class);
    }
  }

  @Test
  void aProcessIsToldByWhatItRunsAndALaterOneOfItsNumberIsNot() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, group.path(), USER, LOOPBACK, server.getLocalPort())) {
      int pid = (int) caller.pid();
      long started = new ProcFs(Path.of("/proc")).started(pid).orElseThrow();
      assertThat(holders.of(new ProcessQuestion(true, pid, started)))
          .isInstanceOfSatisfying(
              SocketHolders.Known.class,
              known -> {
                assertThat(known.processes())
                    .singleElement()
                    .satisfies(
                        holder -> {
                          assertThat(holder.pid()).isEqualTo(pid);
                          assertThat(holder.executable()).isEqualTo(text());
                          assertThat(holder.sha256()).contains(sha256());
                        });
              });
      assertThat(holders.of(new ProcessQuestion(true, pid, started - 1)))
          .isInstanceOf(SocketHolders.Unknown.class);
    }
  }

  @Test
  void allOfAProcesssGroupAreToldSinceEachCouldHaveItsConnection() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, group.path(), USER, LOOPBACK, server.getLocalPort())) {
      Process beside = new ProcessBuilder("sleep", "60").start();
      try {
        Files.writeString(group.path().resolve("cgroup.procs"), "" + beside.pid());
        int pid = (int) caller.pid();
        long started = new ProcFs(Path.of("/proc")).started(pid).orElseThrow();
        assertThat(holders.of(new ProcessQuestion(false, pid, started)))
            .isInstanceOfSatisfying(
                SocketHolders.Known.class,
                known ->
                    assertThat(known.processes())
                        .extracting(SocketHolders.Holder::pid)
                        .containsExactlyInAnyOrder(pid, (int) beside.pid()));
      } finally {
        beside.destroyForcibly();
        beside.onExit().join();
      }
    }
  }

  @Test
  void aConnectionThatIsGoneOrNobodysIsUnknown() throws Exception {
    assertThat(host.call(() -> holders.of(connection(1, 2))))
        .isEqualTo(new SocketHolders.Unknown("there is no such connection any more"));
  }

  @Test
  void aHashIsOfTheContentNotOfThePath() throws Exception {
    Path file = Files.createTempFile("hmt-hash", "");
    try {
      ExecutableHashes hashes = new ExecutableHashes();
      Files.writeString(file, "one");
      String one = hashes.of(file);
      assertThat(hashes.of(file)).isEqualTo(one);
      Files.writeString(file, "two");
      assertThat(hashes.of(file)).isNotEqualTo(one);
    } finally {
      Files.delete(file);
    }
  }
}
