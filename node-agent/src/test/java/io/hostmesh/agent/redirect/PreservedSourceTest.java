package io.hostmesh.agent.redirect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.Dialer;
import io.hostmesh.agent.upstream.LocalEnd;
import io.hostmesh.agent.upstream.Sockets;
import io.hostmesh.runtime.linux.NetworkNamespace;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.Promise;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An application of one host that answers to the address of another, and is heard by the agent. */
class PreservedSourceTest {
  private static final int SERVICE = 8080;
  private static final String HERE = "10.77.0.1";
  private static final String THERE = "10.77.0.2";
  private static final int MARK = CapturePlan.DEFAULT_SOURCE_MARK;

  private final LinkedBlockingQueue<InetSocketAddress> callers = new LinkedBlockingQueue<>();

  @TempDir Path folder;
  private TestHost host;
  private TestHost other;
  private EventLoopGroup loops;
  private ServerSocket application;

  @BeforeEach
  void build() throws Exception {
    host = TestHost.make("hmt-source-1");
    other = TestHost.make("hmt-source-2");
    TestHost.join(host, other);
    loops =
        new MultiThreadIoEventLoopGroup(
            1,
            NetworkNamespace.named(host.name()).threads(Thread.ofPlatform().daemon().factory()),
            EpollIoHandler.newFactory());
    application = host.call(() -> new ServerSocket(SERVICE));
    Thread.ofVirtual().start(this::accept);
  }

  @AfterEach
  void clear() throws Exception {
    application.close();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    host.close();
    other.close();
  }

  /** Says good day to everyone, and remembers whom. */
  private void accept() {
    while (!application.isClosed()) {
      try (Socket socket = application.accept()) {
        callers.add((InetSocketAddress) socket.getRemoteSocketAddress());
        socket.getOutputStream().write("good day\n".getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        if (!application.isClosed()) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private Capture capture(CaptureBackend backend) throws Exception {
    return host.call(() -> Capture.open(backend, folder));
  }

  private void apply(CaptureBackend backend, CapturePlan plan) throws Exception {
    Capture capture = capture(backend);
    host.call(() -> capture.apply(plan, Duration.ZERO));
    assertThat(host.call(capture::intact)).isTrue();
  }

  private void remove() throws Exception {
    Capture capture = capture(CaptureBackend.AUTO);
    host.call(
        () -> {
          capture.remove();
          return true;
        });
  }

  /** Root's own traffic is not captured here, since the agent of this test is root's. */
  private static CapturePlan plan(OptionalInt mark) {
    return TestPlan.preserving(
        new Exclusions(new TreeSet<>(Set.of(0)), new TreeSet<>(), List.of()), mark);
  }

  private static CapturePlan preserving() {
    return plan(OptionalInt.of(MARK));
  }

  private Channel dial(String from, String to) {
    EventLoop loop = loops.next();
    Promise<Channel> connected = loop.newPromise();
    Application called =
        new Application(
            "the application",
            new InetSocketAddress(InetAddress.ofLiteral(to), SERVICE),
            Optional.of(LocalEnd.callers(InetAddress.ofLiteral(from), MARK)),
            Application.Gate.OPEN);
    Sockets sockets =
        Sockets.epoll(new Sockets.Settings(Duration.ofSeconds(1), Duration.ofSeconds(1)));
    // Its socket belongs to the network of the thread that makes it.
    loop.execute(() -> new Dialer(sockets).dial(called, loop, connected));
    return connected.syncUninterruptibly().getNow();
  }

  /** Whom the application sees when it is called from this address. */
  private InetSocketAddress seen(String from, String to) throws Exception {
    Channel channel = dial(from, to);
    InetSocketAddress caller = callers.poll(5, TimeUnit.SECONDS);
    channel.close().syncUninterruptibly();
    return caller;
  }

  @ParameterizedTest
  @EnumSource(names = {"NFT", "IPTABLES"})
  void theApplicationSeesTheCallersHost(CaptureBackend backend) throws Exception {
    apply(backend, preserving());

    for (String caller : List.of(THERE, "192.0.2.7", HERE)) {
      host.shell("ip route replace 192.0.2.0/24 via " + THERE);
      assertThat(seen(caller, HERE).getAddress()).isEqualTo(InetAddress.ofLiteral(caller));
    }
    assertThat(seen("fd77::2", "fd77::1").getAddress()).isEqualTo(InetAddress.ofLiteral("fd77::2"));
  }

  @ParameterizedTest
  @EnumSource(names = {"NFT", "IPTABLES"})
  void aCallersOwnConnectionFromTheSamePortGoesOn(CaptureBackend backend) throws Exception {
    apply(backend, preserving());
    try (TestAgent _ = new TestAgent(host);
        Socket own = other.call(() -> new Socket(InetAddress.ofLiteral(HERE), SERVICE))) {
      int port = own.getLocalPort();
      host.shell("echo '%1$d %1$d' > /proc/sys/net/ipv4/ip_local_port_range".formatted(port));

      assertThat(seen(THERE, HERE)).isEqualTo(new InetSocketAddress(THERE, port));

      own.setSoTimeout(5_000);
      assertThat(
              new BufferedReader(
                      new InputStreamReader(own.getInputStream(), StandardCharsets.UTF_8))
                  .readLine())
          .isEqualTo("inbound 10.77.0.1 8080");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NFT", "IPTABLES"})
  void withoutTheRulesTheFailureSaysFromWhereItWasCalled(CaptureBackend backend) throws Exception {
    apply(backend, plan(OptionalInt.empty()));

    assertThatThrownBy(() -> dial(THERE, HERE))
        .hasMessageContaining("at 10.77.0.1:8080 from 10.77.0.2: ");
  }

  @ParameterizedTest
  @EnumSource(names = {"NFT", "IPTABLES"})
  void whatItNeedsComesAndGoesWithTheSetting(CaptureBackend backend) throws Exception {
    String before = host.kernel();
    apply(backend, plan(OptionalInt.empty()));
    String hidden = host.kernel();

    apply(backend, preserving());
    assertThat(host.kernel()).isNotEqualTo(hidden);
    apply(backend, plan(OptionalInt.empty()));
    assertThat(rules()).isEqualTo(rulesOf(hidden));

    apply(backend, preserving());
    remove();
    assertThat(host.kernel()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource(names = {"NFT", "IPTABLES"})
  void whatNobodyConfirmsUndoesItself(CaptureBackend backend) throws Exception {
    apply(backend, preserving());
    List<String> confirmed = host.kernel().lines().sorted().toList();
    Capture capture = capture(backend);

    assertThat(
            host.call(() -> capture.apply(plan(OptionalInt.of(MARK + 1)), Duration.ofMillis(900))))
        .isTrue();

    TestHost.await(
        "the roll back", () -> host.kernel().lines().sorted().toList().equals(confirmed));
    assertThat(seen(THERE, HERE).getAddress()).isEqualTo(InetAddress.ofLiteral(THERE));
    remove();
  }

  @ParameterizedTest
  @EnumSource(names = {"NFT", "IPTABLES"})
  void aRuleThatSomeoneTakesAwayIsMissed(CaptureBackend backend) throws Exception {
    Capture capture = capture(backend);
    host.call(() -> capture.apply(preserving(), Duration.ZERO));

    host.shell("ip -6 rule del lookup 18510");
    assertThat(host.call(capture::intact)).isFalse();

    host.call(() -> capture.apply(preserving(), Duration.ofMinutes(2)));
    assertThat(seen("fd77::2", "fd77::1").getAddress()).isEqualTo(InetAddress.ofLiteral("fd77::2"));
  }

  private String rules() {
    return rulesOf(host.kernel());
  }

  /** Without the empty tables that iptables makes when it is asked. */
  private static String rulesOf(String kernel) {
    return String.join(
        "\n",
        kernel.lines().filter(line -> line.contains("HOSTMESH") || line.contains("lo ")).toList());
  }
}
