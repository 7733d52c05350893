package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.agent.workload.PeerProcesses.Gone;
import io.hostmesh.agent.workload.PeerProcesses.Peer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real processes at the other end of a unix socket, on kernels with and without pidfds of peers.
 */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class PeerProcessesTest {
  @TempDir Path folder;

  private record Accepted(EpollDomainSocketChannel channel, long at) {}

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final BlockingQueue<Accepted> accepted = new LinkedBlockingQueue<>();
  private Path socket;

  @BeforeEach
  void begin() {
    socket = folder.resolve("s");
    new ServerBootstrap()
        .group(loops)
        .channel(EpollServerDomainSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                accepted.add(new Accepted((EpollDomainSocketChannel) channel, PeerProcesses.now()));
              }
            })
        .bind(new DomainSocketAddress(socket.toFile()))
        .syncUninterruptibly();
  }

  @AfterEach
  void end() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private Accepted accept() throws InterruptedException {
    Accepted connection = accepted.poll(20, TimeUnit.SECONDS);
    assertThat(connection).isNotNull();
    return connection;
  }

  private static Peer find(boolean pidfds, Accepted connection) throws Exception {
    PeerCredentials credentials = connection.channel().peerCredentials();
    return new PeerProcesses(pidfds)
        .find(
            connection.channel().fd().intValue(),
            credentials.uid(),
            credentials.pid(),
            connection.at());
  }

  private static boolean isRoot() {
    return Files.isWritable(Path.of("/proc/1/oom_score_adj"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theProcessThatConnectedIsFoundWhereItStandsNow(boolean pidfds) throws Exception {
    assumeTrue(isRoot(), "control groups need root");
    CgroupTree tree = CgroupTree.ofHost();
    try (ServiceProcess.Group web = ServiceProcess.Group.make(tree, "hmt-peer-web");
        ServiceProcess.Group other = ServiceProcess.Group.make(tree, "hmt-peer-other");
        UnixCaller caller = UnixCaller.start(socket, List.of(web.path()))) {
      Accepted connection = accept();
      Peer peer = find(pidfds, connection);
      assertThat(peer.pid()).isEqualTo(caller.pid());
      assertThat(peer.owner()).isEqualTo(new SocketOwner(0, Optional.of("/hmt-peer-web")));
      assertThat(peer.started()).isBetween(1L, connection.at());
      Files.writeString(other.path().resolve("cgroup.procs"), caller.pid() + "\n");
      assertThat(find(pidfds, connection).owner().cgroup()).contains("/hmt-peer-other");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSocketThatWasPassedOnIsNobodysOnceItsMakerHasEnded(boolean pidfds) throws Exception {
    try (UnixCaller caller = UnixCaller.start(socket, List.of())) {
      Accepted connection = accept();
      ProcessHandle heir = caller.passesOnAndEnds();
      try {
        assertThat(connection.channel().isOpen()).isTrue();
        assertThatThrownBy(() -> find(pidfds, connection))
            .isInstanceOf(Gone.class)
            .hasMessageContaining("has ended");
      } finally {
        heir.destroyForcibly();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aProcessThatChangedItsUserHasToConnectAnew(boolean pidfds) throws Exception {
    assumeTrue(isRoot(), "changing the user needs root");
    try (UnixCaller caller = UnixCaller.start(socket, List.of())) {
      Accepted connection = accept();
      caller.becomes(4811);
      assertThatThrownBy(() -> find(pidfds, connection))
          .isInstanceOf(Gone.class)
          .hasMessageContaining("has changed its user from uid 0 to 4811 since it connected");
    }
  }

  @Test
  void withoutPidfdsAProcessThatBeganAfterItsConnectionIsAnotherOne() throws Exception {
    try (UnixCaller _ = UnixCaller.start(socket, List.of())) {
      Accepted connection = accept();
      Accepted longAgo = new Accepted(connection.channel(), connection.at() - 100_000);
      assertThatThrownBy(() -> find(false, longAgo))
          .isInstanceOf(Gone.class)
          .hasMessageContaining("its number was another one's");
    }
  }

  @Test
  void aPeerOutsideOfTheHostsProcessesIsNobody() throws Exception {
    assertThatThrownBy(() -> new PeerProcesses().find(0, 0, 0, 0)).isInstanceOf(Gone.class);
  }

  @Test
  void theGroupIsThatOfTheUnifiedHierarchy() {
    assertThat(
            PeerProcesses.cgroup(
                List.of("4:memory:/old", "0::/system.slice/web.service", "1:name=systemd:/x")))
        .contains("/system.slice/web.service");
    assertThat(PeerProcesses.cgroup(List.of("0::/../../elsewhere"))).isEmpty();
    assertThat(PeerProcesses.cgroup(List.of("4:memory:/old"))).isEmpty();
  }
}
