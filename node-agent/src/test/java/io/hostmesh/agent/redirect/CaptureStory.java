package io.hostmesh.agent.redirect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.AddressRange;
import io.hostmesh.runtime.UserError;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the rules do to real traffic between two hosts; each backend tells it in its own class. */
abstract class CaptureStory {
  private static final int AGENT = 4711;
  private static final int SOMEONE = 4712;
  private static final int SERVICE = 8080;
  private static final String HERE = "10.77.0.1";
  private static final String THERE = "10.77.0.2";
  private static final Duration AT_ONCE = Duration.ZERO;
  private static final Duration LONG = Duration.ofMinutes(2);

  private final CaptureBackend backend;
  private final String prefix;

  @TempDir Path folder;
  private TestHost host;
  private TestHost other;
  private TestAgent agent;

  CaptureStory(CaptureBackend backend, String prefix) {
    this.backend = backend;
    this.prefix = prefix;
  }

  @BeforeEach
  void build() throws Exception {
    host = TestHost.make("hmt-redirect-" + prefix + "1");
    other = TestHost.make("hmt-redirect-" + prefix + "2");
    TestHost.join(host, other);
    agent = new TestAgent(host);
  }

  @AfterEach
  void clear() throws Exception {
    agent.close();
    host.close();
    other.close();
  }

  /** The tools that a test's host has. */
  Tools tools() {
    return Tools.ofHost(Map.of());
  }

  private Capture capture() throws Exception {
    return host.call(() -> Capture.open(backend, folder, tools()));
  }

  private void apply(CapturePlan plan) throws Exception {
    Capture capture = capture();
    assertThat(host.call(() -> capture.apply(plan, AT_ONCE))).isFalse();
  }

  private static CapturePlan plan() {
    return TestPlan.mesh();
  }

  private static CapturePlan everything(Exclusions exclusions) {
    CapturePlan plan = plan();
    return new CapturePlan(
        CaptureScope.ALL,
        plan.virtual(),
        Set.of(),
        plan.servicePorts(),
        AGENT,
        plan.mark(),
        plan.ports(),
        List.of(),
        exclusions,
        true,
        OptionalInt.empty());
  }

  private static CapturePlan withNames(String... servers) {
    CapturePlan plan = plan();
    return new CapturePlan(
        plan.scope(),
        plan.virtual(),
        plan.endpoints(),
        plan.servicePorts(),
        AGENT,
        plan.mark(),
        plan.ports(),
        java.util.Arrays.stream(servers).map(InetAddress::ofLiteral).toList(),
        Exclusions.NONE,
        true,
        OptionalInt.empty());
  }

  private static InetSocketAddress endpoint(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  @Test
  void aVirtualAddressIsCapturedOnAnyPort() throws Exception {
    apply(plan());

    assertThat(host.greeting("241.0.0.7", 80)).isEqualTo("outbound 241.0.0.7 80");
    assertThat(host.greeting("240.1.2.3", 65535)).isEqualTo("outbound 240.1.2.3 65535");
    assertThat(host.greeting("fd48:6f73:746d::7", 80))
        .isEqualTo("outbound fd48:6f73:746d:0:0:0:0:7 80");
    // The port of a service of this host means, on a virtual address, someone else's.
    assertThat(host.greeting("241.0.0.7", SERVICE)).isEqualTo("outbound 241.0.0.7 8080");
  }

  @Test
  void aKnownEndpointIsCapturedAndItsNeighbourIsNot() throws Exception {
    try (ServerSocket known = other.greeter(9000, "the application");
        ServerSocket unknown = other.greeter(9001, "someone else")) {
      apply(plan());

      assertThat(host.greeting(THERE, known.getLocalPort())).isEqualTo("outbound 10.77.0.2 9000");
      assertThat(host.greeting("fd77::2", 9000)).isEqualTo("outbound fd77:0:0:0:0:0:0:2 9000");
      assertThat(host.greeting(THERE, unknown.getLocalPort())).isEqualTo("someone else");
    }
  }

  @Test
  void aServicesPortIsCapturedFromOutsideAndThroughLoopback() throws Exception {
    try (ServerSocket _ = host.greeter(SERVICE, "the application");
        ServerSocket _ = host.greeter(SERVICE + 1, "no service")) {
      apply(plan());

      assertThat(host.greeting("127.0.0.1", SERVICE)).isEqualTo("inbound 127.0.0.1 8080");
      assertThat(host.greeting("::1", SERVICE)).isEqualTo("inbound 0:0:0:0:0:0:0:1 8080");
      assertThat(host.greeting(HERE, SERVICE)).isEqualTo("inbound 10.77.0.1 8080");
      assertThat(other.greeting(HERE, SERVICE)).isEqualTo("inbound 10.77.0.1 8080");
      assertThat(other.greeting("fd77::1", SERVICE)).isEqualTo("inbound fd77:0:0:0:0:0:0:1 8080");
      assertThat(other.greeting(HERE, SERVICE + 1)).isEqualTo("no service");
      assertThat(host.greeting("127.0.0.1", SERVICE + 1)).isEqualTo("no service");
    }
  }

  @Test
  void theAgentsOwnTrafficIsNotCaptured() throws Exception {
    try (ServerSocket _ = host.greeter(SERVICE, "the application");
        ServerSocket _ = other.greeter(9000, "the instance")) {
      apply(plan());

      assertThat(host.greetingAs(AGENT, "127.0.0.1", SERVICE)).isEqualTo("the application");
      assertThat(host.greetingAs(AGENT, THERE, 9000)).isEqualTo("the instance");
      assertThat(host.greetingAs(SOMEONE, THERE, 9000)).startsWith("outbound");
    }
  }

  @Test
  void whoMakesACapturedCallIsAttested() throws Exception {
    apply(plan());

    for (String address : List.of("241.0.0.7", "fd48:6f73:746d::7", THERE, "fd77::2")) {
      assertThat(host.greetingAs(TestAgent.CALLER, address, 9000)).endsWith("9000 from web");
      assertThat(host.greetingAs(SOMEONE, address, 9000)).endsWith("9000");
    }
    assertThat(host.greetingAs(TestAgent.CALLER, "127.0.0.1", SERVICE))
        .isEqualTo("inbound 127.0.0.1 8080 from web");
    assertThat(other.greetingAs(TestAgent.CALLER, HERE, SERVICE))
        .isEqualTo("inbound 10.77.0.1 8080");
  }

  @Test
  void aCallerWhosePortTheKernelChangesIsAttested() throws Exception {
    apply(plan().withServicePorts(Set.of(SERVICE, SERVICE + 1)));

    for (List<String> addresses :
        List.of(
            List.of("241.0.0.7", "241.0.1.7"),
            List.of("fd48:6f73:746d::7", "fd48:6f73:746d:1::7"))) {
      // The first has ended, but is tracked for minutes: their answers would look the same.
      assertThat(host.greetingFrom(5000, TestAgent.CALLER, addresses.getFirst(), 80))
          .endsWith("7 80 from web");
      assertThat(host.greetingFrom(5000, TestAgent.CALLER, addresses.getLast(), 80))
          .endsWith("7 80 from web");
      assertThat(agent.callersPorts().getLast()).isNotEqualTo(5000);
      assertThat(host.greetingFrom(5000, SOMEONE, addresses.getLast(), 81)).endsWith("7 81");
    }
    for (String loopback : List.of("127.0.0.1", "::1")) {
      host.greetingFrom(5000, TestAgent.CALLER, loopback, SERVICE);
      assertThat(host.greetingFrom(5000, TestAgent.CALLER, loopback, SERVICE + 1))
          .startsWith("inbound")
          .endsWith(" 8081 from web");
      assertThat(agent.callersPorts().getLast()).isNotEqualTo(5000);
    }
  }

  @Test
  void callsToAddressesSideBySideKeepTheirPort() throws Exception {
    apply(plan());

    for (int last = 0; last < CapturePorts.SPREAD.size(); last++) {
      String address = "241.0.0." + last;
      assertThat(host.greetingFrom(5000, TestAgent.CALLER, address, 80))
          .isEqualTo("outbound " + address + " 80 from web");
    }
    assertThat(agent.callersPorts()).containsOnly(5000);
  }

  /** A port that the kernel gives a caller may be the real one of another caller's socket. */
  @Test
  void aCallerIsNeverTakenForTheOneWhosePortItSeemsToHave() throws Exception {
    apply(plan());
    host.shell(
        """
        nft -f - <<END
        table ip ports {
          chain change {
            type nat hook postrouting priority 100
            tcp sport 5000 snat to 127.0.0.1:7000
            tcp sport 6000 snat to 127.0.0.1:5000
          }
        }
        END
        """);

    try (Socket web =
        host.callAs(TestAgent.CALLER, () -> TestHost.connected(5000, "241.0.0.7", 80))) {
      assertThat(web.getInputStream().readAllBytes()).asString(UTF_8).contains("from web");
      assertThat(host.greetingFrom(6000, SOMEONE, "241.0.0.7", 80))
          .isEqualTo("outbound 241.0.0.7 80");
    }
    assertThat(agent.callersPorts()).containsExactly(7000, 5000);
  }

  @Test
  void port22IsCapturedInNoDirection() throws Exception {
    CapturePlan all =
        everything(Exclusions.NONE)
            .withServicePorts(Set.of(22, SERVICE))
            .withEndpoints(Set.of(endpoint(THERE, 22)));
    try (ServerSocket _ = host.greeter(22, "sshd here");
        ServerSocket _ = other.greeter(22, "sshd there")) {
      apply(all);

      assertThat(host.greeting(THERE, 22)).isEqualTo("sshd there");
      assertThat(other.greeting(HERE, 22)).isEqualTo("sshd here");
      assertThat(host.greeting("127.0.0.1", 22)).isEqualTo("sshd here");
      // Neither captured nor taken for this host's own.
      assertThatThrownBy(() -> host.greeting("241.0.0.7", 22)).isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void everythingMeansEverythingButWhatIsExcluded() throws Exception {
    Exclusions exclusions =
        new Exclusions(
            new TreeSet<>(Set.of(SOMEONE)),
            new TreeSet<>(Set.of(9001)),
            List.of(AddressRange.parse("fd77::/64")));
    try (ServerSocket _ = other.greeter(9000, "the instance");
        ServerSocket _ = other.greeter(9001, "by port");
        ServerSocket _ = host.greeter(9002, "here")) {
      apply(everything(exclusions));

      assertThat(host.greeting(THERE, 9000)).isEqualTo("outbound 10.77.0.2 9000");
      assertThat(host.greeting(THERE, 9001)).isEqualTo("by port");
      assertThat(host.greeting("fd77::2", 9000)).isEqualTo("the instance");
      assertThat(host.greetingAs(SOMEONE, THERE, 9000)).isEqualTo("the instance");
      assertThat(host.greeting(HERE, 9002)).isEqualTo("here");
    }
  }

  @Test
  void udpToAVirtualAddressIsRefusedAndOtherUdpPasses() throws Exception {
    try (DatagramSocket wildcard = host.call(() -> new DatagramSocket(5000));
        DatagramSocket there = other.call(() -> new DatagramSocket(5000))) {
      apply(plan());

      assertThatThrownBy(() -> ask(host, "241.0.0.7", 5000))
          .isInstanceOf(PortUnreachableException.class);
      assertThatThrownBy(() -> ask(host, "fd48:6f73:746d::7", 5000))
          .isInstanceOf(PortUnreachableException.class);
      echo(there);
      assertThat(ask(host, THERE, 5000)).isEqualTo(5000);
      assertThat(wildcard.isClosed()).isFalse();
    }
  }

  @Test
  void questionsForNamesAreCapturedUntilTheyAreOpened() throws Exception {
    try (DatagramSocket dns = loopback("127.0.0.1");
        DatagramSocket dns6 = loopback("::1");
        DatagramSocket server = other.call(() -> new DatagramSocket(53));
        ServerSocket _ = host.greeter(15053, "the agent's");
        ServerSocket _ = other.greeter(53, "the host's")) {
      Capture capture = capture();
      host.call(() -> capture.apply(withNames(THERE, "fd77::2"), AT_ONCE));
      echo(dns);
      echo(dns6);
      echo(server);

      assertThat(ask(host, THERE, 53)).isEqualTo(15053);
      assertThat(ask(host, "fd77::2", 53)).isEqualTo(15053);
      assertThat(host.greeting(THERE, 53)).isEqualTo("the agent's");
      assertThat(host.greetingAs(AGENT, THERE, 53)).isEqualTo("the host's");
      assertThat(onStatus(capture).dns()).isTrue();

      host.call(
          () -> {
            capture().openDns();
            return true;
          });

      assertThat(ask(host, THERE, 53)).isEqualTo(53);
      assertThat(host.greeting(THERE, 53)).isEqualTo("the host's");
      assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
      assertThat(onStatus(capture).dns()).isFalse();
    }
  }

  @Test
  void aDeadAgentDoesNotCutTheHostsNames() throws Exception {
    try (CaptureProcess agent = CaptureProcess.start(host, backend, folder, "0s")) {
      assertThat(agent.says()).isEqualTo("awaited false");
      assertThat(onStatus(capture()).dns()).isTrue();
    }
    TestHost.await("names to be opened", () -> !capturesNames());
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
  }

  private boolean capturesNames() {
    try {
      return onStatus(capture()).dns();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatIsDisabledByHandStaysOffUntilItIsAllowed() throws Exception {
    String before = host.kernel();
    Capture agents = capture();
    host.call(() -> agents.apply(plan(), AT_ONCE));

    host.call(
        () -> {
          capture().disable();
          return true;
        });

    assertThat(host.kernel()).isEqualTo(before);
    assertThatThrownBy(() -> host.call(() -> agents.apply(plan(), AT_ONCE)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("switched off by hand");
    capture().allow();
    host.call(() -> agents.apply(plan(), AT_ONCE));
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
  }

  @Test
  void whoCallsTheAgentsPortItselfIsSeen() throws Exception {
    apply(plan());

    assertThat(host.greeting("127.0.0.1", 15001)).isEqualTo("outbound called itself");
    assertThat(other.greeting(HERE, 15006)).isEqualTo("inbound called itself");
    assertThat(other.greeting("fd77::1", 15006)).isEqualTo("inbound called itself");
  }

  @Test
  void aVirtualAddressFromOutsideReachesNobody() throws Exception {
    try (ServerSocket _ = host.greeter(80, "a wildcard listener")) {
      apply(plan());
      other.shell("ip route add 241.0.0.0/8 via " + HERE);

      assertThatThrownBy(() -> other.greeting("241.0.0.7", 80))
          .isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void aContainersCallOverABridgeIsCapturedAndNothingElseOfIt() throws Exception {
    try (ServerSocket _ = host.greeter(9000, "the host's own")) {
      apply(plan().withBridges(List.of("docker0", "eth*")));
      other.shell("ip route add 241.0.0.0/8 via " + HERE);

      assertThat(other.greeting("241.0.0.7", 80)).isEqualTo("inbound 241.0.0.7 80");
      assertThat(other.greeting(HERE, 9000)).isEqualTo("the host's own");
      apply(plan());
      assertThatThrownBy(() -> other.greeting("241.0.0.7", 80))
          .isInstanceOf(ConnectException.class);
      remove();
    }
  }

  @Test
  void instancesAndPortsChangeWithoutANewRule() throws Exception {
    try (ServerSocket _ = other.greeter(9000, "the instance")) {
      Capture capture = capture();
      host.call(() -> capture.apply(plan(), AT_ONCE));

      CapturePlan changed =
          plan().withEndpoints(Set.of(endpoint(THERE, 9001))).withServicePorts(Set.of(8081, 8082));
      assertThat(host.call(() -> capture.apply(changed, LONG))).as("to be confirmed").isFalse();

      assertThat(host.greeting(THERE, 9000)).isEqualTo("the instance");
      assertThat(host.greeting(THERE, 9001)).isEqualTo("outbound 10.77.0.2 9001");
      assertThat(host.greeting(HERE, 8082)).isEqualTo("inbound 10.77.0.1 8082");
      assertThatThrownBy(() -> host.greeting(HERE, SERVICE)).isInstanceOf(ConnectException.class);
      assertThat(host.call(capture::intact)).isTrue();
    }
  }

  @Test
  void removalLeavesNothingBehind() throws Exception {
    String before = host.kernel();
    apply(plan());
    assertThat(host.kernel()).isNotEqualTo(before);

    remove();
    remove();

    assertThat(host.kernel()).isEqualTo(before);
    assertThat(host.call(() -> capture().status())).isEqualTo(new CaptureStatus.Off());
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void rulesOfOthersStay() throws Exception {
    host.shell(
        "iptables -t nat -N SOMEONE; iptables -t nat -A OUTPUT -d 192.0.2.1 -j SOMEONE;"
            + " iptables -A INPUT -s 192.0.2.2 -j DROP; nft add table inet someone;"
            + " nft add chain inet someone c; ip route add local 192.0.2.0/24 dev lo");
    String before = host.kernel();

    apply(plan());
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
    remove();

    assertThat(host.kernel()).isEqualTo(before);
  }

  @Test
  void whatNobodyConfirmsUndoesItself() throws Exception {
    String before = host.kernel();
    Capture capture = capture();
    assertThat(host.call(() -> capture.apply(plan(), Duration.ofMillis(900)))).isTrue();
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
    assertThat(onStatus(capture).confirmed()).isFalse();

    TestHost.await("the roll back", () -> before.equals(host.kernel()));

    assertThat(capture.confirm()).isFalse();
    assertThat(host.call(capture::intact)).isFalse();
  }

  @Test
  void aKilledProcesssUnconfirmedRulesUndoThemselvesAndConfirmedOnesStay() throws Exception {
    String before = host.kernel();
    try (CaptureProcess unconfirmed = CaptureProcess.start(host, backend, folder, "2s")) {
      assertThat(unconfirmed.says()).isEqualTo("awaited true");
    }
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
    TestHost.await("the roll back", () -> before.equals(host.kernel()));

    try (CaptureProcess confirmed = CaptureProcess.start(host, backend, folder, "0s")) {
      assertThat(confirmed.says()).isEqualTo("awaited false");
    }
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
    assertThat(onStatus(capture()).confirmed()).isTrue();
  }

  @Test
  void aUserWithTheAmbientCapabilityMayCaptureAndUndo() throws Exception {
    String before = host.kernel();
    try (CaptureProcess agent = CaptureProcess.asUser(host, backend, folder, AGENT, true)) {
      assertThat(agent.says()).isEqualTo("awaited false");
      assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
      assertThat(host.greetingAs(AGENT, HERE, 15001)).contains("called itself");
    }
    remove(folder.resolve("run"));
    assertThat(host.kernel()).isEqualTo(before);
  }

  @Test
  void aUserWithoutTheCapabilityIsToldWhatToDo() throws Exception {
    try (CaptureProcess agent = CaptureProcess.asUser(host, backend, folder, AGENT, false)) {
      assertThat(agent.says())
          .isEqualTo(
              "capture: needs CAP_NET_ADMIN, which this process (uid 4711) does not have; run it as"
                  + " root, or give the unit AmbientCapabilities=CAP_NET_ADMIN");
    }
  }

  @Test
  void anUnconfirmedChangeGoesBackToTheConfirmedRules() throws Exception {
    Capture first = capture();
    assertThat(host.call(() -> first.apply(plan(), LONG))).isTrue();
    assertThat(first.confirm()).isTrue();
    List<String> confirmed = host.kernel().lines().sorted().toList();

    Capture second = capture();
    CapturePlan change = everything(Exclusions.NONE);
    assertThat(host.call(() -> second.apply(change, Duration.ofMillis(900)))).isTrue();
    assertThat(host.kernel().lines().sorted().toList()).isNotEqualTo(confirmed);

    TestHost.await(
        "the roll back", () -> confirmed.equals(host.kernel().lines().sorted().toList()));
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
  }

  @Test
  void theSameRulesAgainNeedNoConfirmation() throws Exception {
    apply(plan());
    Capture restarted = capture();

    boolean awaited =
        host.call(() -> restarted.apply(plan().withEndpoints(Set.of(endpoint(THERE, 9100))), LONG));

    assertThat(awaited).isFalse();
    assertThat(host.greeting(THERE, 9100)).startsWith("outbound");
  }

  @Test
  void whatSomeoneElseChangesIsSeenAndMended() throws Exception {
    Capture capture = capture();
    host.call(() -> capture.apply(plan(), AT_ONCE));
    assertThat(host.call(capture::intact)).isTrue();

    host.shell("ip route del local 240.0.0.0/4 dev lo table local");
    assertThat(host.call(capture::intact)).isFalse();

    assertThat(host.call(() -> capture.apply(plan(), LONG))).as("to be confirmed").isFalse();
    assertThat(host.call(capture::intact)).isTrue();
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
  }

  @Test
  void theOtherBackendsRulesAreTakenOut() throws Exception {
    CaptureBackend another =
        backend == CaptureBackend.NFT ? CaptureBackend.IPTABLES : CaptureBackend.NFT;
    String before = host.kernel();
    Capture old = host.call(() -> Capture.open(another, folder, tools()));
    host.call(() -> old.apply(plan(), AT_ONCE));

    apply(plan());

    assertThat(onStatus(capture()).backend()).isEqualTo(backend);
    assertThat(host.greeting("241.0.0.7", 80)).startsWith("outbound");
    remove();
    assertThat(host.kernel()).isEqualTo(before);
  }

  @Test
  void aPlanThatTheKernelRefusesChangesNothing() throws Exception {
    String before = host.kernel();
    host.shell("ip link set lo down");

    assertThatThrownBy(() -> apply(plan()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("ip -6 route replace");

    host.shell("ip link set lo up");
    assertThat(host.kernel()).isEqualTo(before);
  }

  private void remove() throws Exception {
    remove(folder);
  }

  private void remove(Path folder) throws Exception {
    Capture capture = host.call(() -> Capture.open(CaptureBackend.AUTO, folder, tools()));
    host.call(
        () -> {
          capture.remove();
          return true;
        });
  }

  private CaptureStatus.On onStatus(Capture capture) throws Exception {
    return (CaptureStatus.On) host.call(capture::status);
  }

  private DatagramSocket loopback(String address) throws Exception {
    return host.call(() -> new DatagramSocket(15053, InetAddress.ofLiteral(address)));
  }

  private static void echo(DatagramSocket socket) {
    Thread.ofVirtual()
        .start(
            () -> {
              DatagramPacket packet = new DatagramPacket(new byte[64], 64);
              while (!socket.isClosed()) {
                try {
                  socket.receive(packet);
                  byte[] port =
                      java.nio.ByteBuffer.allocate(4).putInt(socket.getLocalPort()).array();
                  socket.send(new DatagramPacket(port, 4, packet.getSocketAddress()));
                } catch (java.io.IOException e) {
                  if (!socket.isClosed()) {
                    throw new IllegalStateException(e);
                  }
                }
              }
            });
  }

  /** Sends a datagram; the port of the socket that answers. */
  private static int ask(TestHost from, String address, int port) throws Exception {
    return from.call(
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(5_000);
            socket.connect(InetAddress.ofLiteral(address), port);
            socket.send(new DatagramPacket(new byte[] {1}, 1));
            DatagramPacket answer = new DatagramPacket(new byte[4], 4);
            socket.receive(answer);
            return java.nio.ByteBuffer.wrap(answer.getData()).getInt();
          }
        });
  }
}
