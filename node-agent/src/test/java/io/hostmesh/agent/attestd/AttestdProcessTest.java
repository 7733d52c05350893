package io.hostmesh.agent.attestd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.agent.redirect.TestHost;
import io.hostmesh.agent.workload.AttestdClient;
import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.ServiceProcess;
import io.hostmesh.agent.workload.SocketHolders;
import io.hostmesh.agent.workload.SocketQuestion;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** hostmesh-attestd as it runs on a host: with two capabilities, whatever its user. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class AttestdProcessTest {
  /** CAP_SYS_PTRACE is 19, CAP_SYS_ADMIN 21. */
  private static final String TWO_CAPABILITIES = "CapEff:\t0000000000280000";

  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
  private static final int USER = 4831;

  @TempDir Path folder;

  @Test
  void twoCapabilitiesAreEnoughForProcessesOfAnyUser() throws Exception {
    assumeTrue(Files.isExecutable(SETPRIV), "setpriv takes the other capabilities away");
    CgroupTree cgroups = CgroupTree.ofHost();
    Path socket = folder.resolve("attestd.sock");
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try (TestHost host = TestHost.make("hmt-attestd");
        ServiceProcess.Group group = ServiceProcess.Group.make(cgroups, "hmt-attestd-web");
        ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, group.path(), USER, "127.0.0.1", server.getLocalPort())) {
      Process attestd = host.call(() -> start(socket));
      try {
        AttestdClient client = new AttestdClient(socket);
        SocketHolders found = ask(client, loops.next(), caller.port(), server.getLocalPort());
        for (int i = 0; i < 400 && !(found instanceof SocketHolders.Known); i++) {
          assertThat(attestd.isAlive()).isTrue();
          Thread.sleep(50); // Until it listens.
          found = ask(client, loops.next(), caller.port(), server.getLocalPort());
        }
        assertThat(Files.readString(Path.of("/proc", "" + attestd.pid(), "status")))
            .contains(TWO_CAPABILITIES);
        assertThat(found)
            .isInstanceOfSatisfying(
                SocketHolders.Known.class,
                known -> {
                  assertThat(known.uid()).isEqualTo(USER);
                  assertThat(known.processes().getFirst().executable()).endsWith("/bin/java");
                  assertThat(known.processes().getFirst().sha256()).isPresent();
                });
      } finally {
        attestd.destroyForcibly();
        attestd.onExit().join();
      }
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private Process start(Path socket) throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("attestd.conf"),
            "socket = \"%s\", agent-user = \"0\"".formatted(socket));
    return new ProcessBuilder(
            SETPRIV.toString(),
            "--bounding-set=-all,+sys_ptrace,+sys_admin",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            AttestdMain.class.getName(),
            "--config",
            config.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static SocketHolders ask(AttestdClient client, EventLoop loop, int from, int to)
      throws Exception {
    CompletableFuture<SocketHolders> answer = new CompletableFuture<>();
    SocketQuestion question =
        new SocketQuestion(SocketQuestion.About.CONNECTION, true, at(from), at(to));
    loop.execute(() -> client.find(question, loop, answer::complete));
    return answer.get(20, TimeUnit.SECONDS);
  }

  private static InetSocketAddress at(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
  }
}
