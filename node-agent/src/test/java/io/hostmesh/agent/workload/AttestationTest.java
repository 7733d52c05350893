package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.redirect.TestHost;
import io.hostmesh.model.ServiceName;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real sockets of real processes, in control groups and under users of their own. */
class AttestationTest {
  private static final int WEB_USER = 4801;
  private static final int SOMEONE = 4802;
  private static final EventLoop LOOP = new DefaultEventLoop();
  private static final String LOOPBACK = "127.0.0.1";

  private final CgroupTree cgroups = CgroupTree.ofHost();
  private final WorkloadSelector web =
      new WorkloadSelector(
          Optional.empty(), Optional.of("/hmt-workload-web"), Optional.of(WEB_USER));
  private TestHost host;
  private ServiceProcess.Group webGroup;
  private ServiceProcess.Group otherGroup;

  @BeforeEach
  void build() throws Exception {
    host = TestHost.make("hmt-workload");
    webGroup = ServiceProcess.Group.make(cgroups, "hmt-workload-web");
    otherGroup = ServiceProcess.Group.make(cgroups, "hmt-workload-other");
  }

  @AfterEach
  void clear() throws Exception {
    webGroup.close();
    otherGroup.close();
    host.close();
  }

  private CallerAttestor callers(WorkloadSelector... selectors) {
    List<Workload> declared =
        java.util.stream.IntStream.range(0, selectors.length)
            .mapToObj(i -> new Workload(ServiceName.of("service" + i), "i" + i, selectors[i]))
            .toList();
    return new CallerAttestor(
        cgroups, () -> new WorkloadMatcher(declared), ProcessFinder.NONE, false);
  }

  private Attestation attest(CallerAttestor callers, ServiceProcess caller, int to)
      throws Exception {
    return host.call(() -> attest(callers, at(LOOPBACK, caller.port()), at(LOOPBACK, to)));
  }

  private static Attestation attest(
      CallerAttestor callers, InetSocketAddress caller, InetSocketAddress to) {
    AtomicReference<Attestation> answer = new AtomicReference<>();
    callers.attest(to, caller, to, LOOP, answer::set);
    return answer.get();
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  @Test
  void aCallerIsTheServiceWhoseUserAndGroupMadeItsSocket() throws Exception {
    CallerAttestor callers = callers(web);
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller = call(webGroup, WEB_USER, server);
        ServiceProcess wrongUser = call(webGroup, SOMEONE, server);
        ServiceProcess wrongGroup = call(otherGroup, WEB_USER, server)) {
      int port = server.getLocalPort();

      assertThat(attest(callers, caller, port))
          .isEqualTo(
              new Attestation.Attested(
                  new Workload(ServiceName.of("service0"), "i0", web),
                  new SocketOwner(WEB_USER, Optional.of("/hmt-workload-web"))));
      assertThat(attest(callers, wrongUser, port))
          .isEqualTo(
              new Attestation.Unknown(new SocketOwner(SOMEONE, Optional.of("/hmt-workload-web"))));
      assertThat(attest(callers, wrongGroup, port))
          .isEqualTo(
              new Attestation.Unknown(
                  new SocketOwner(WEB_USER, Optional.of("/hmt-workload-other"))));
      assertThat(
              attest(
                  callers(
                      WorkloadSelector.uid(WEB_USER), WorkloadSelector.cgroup("/hmt-workload-web")),
                  caller,
                  port))
          .isInstanceOf(Attestation.Ambiguous.class);
    }
  }

  @Test
  void aCallerFromElsewhereIsNotLocalAndNeitherIsAListener() throws Exception {
    CallerAttestor callers = callers(WorkloadSelector.uid(0));
    try (ServerSocket server = host.call(() -> new ServerSocket(0))) {
      int port = server.getLocalPort();

      assertThat(host.call(() -> attest(callers, at("10.1.2.3", 4000), at(LOOPBACK, port))))
          .isEqualTo(new Attestation.NotLocal(Optional.empty()));
      assertThat(host.call(() -> attest(callers, at(LOOPBACK, port), at("10.1.2.3", 4000))))
          .isEqualTo(new Attestation.NotLocal(Optional.empty()));
    }
  }

  @Test
  void anAgentThatMayNotAskConnectionTrackingSaysSoWhereItFindsNobody() throws Exception {
    CallerAttestor callers = callers(web);
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller = call(webGroup, WEB_USER, server)) {
      InetSocketAddress to = at(LOOPBACK, server.getLocalPort());

      assertThat(host.callAs(SOMEONE, () -> attest(callers, at(LOOPBACK, caller.port() ^ 1), to)))
          .isEqualTo(
              new Attestation.NotLocal(
                  Optional.of(
                      "the kernel's connection tracking could not be asked for its port (ctnetlink:"
                          + " Operation not permitted): the agent needs CAP_NET_ADMIN and the"
                          + " module nf_conntrack_netlink")));
      assertThat(host.callAs(SOMEONE, () -> attest(callers, at(LOOPBACK, caller.port()), to)))
          .isInstanceOf(Attestation.Attested.class);
    }
  }

  @Test
  void ipv6IsAttestedAsWell() throws Exception {
    CallerAttestor callers = callers(web);
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(host, webGroup.path(), WEB_USER, "::1", server.getLocalPort())) {

      assertThat(
              host.call(
                  () ->
                      attest(callers, at("::1", caller.port()), at("::1", server.getLocalPort()))))
          .isInstanceOf(Attestation.Attested.class);
    }
  }

  @Test
  void anApplicationThatWaitsToAcceptIsOwnedByItsListenersMaker() throws Exception {
    try (ServiceProcess service =
        ServiceProcess.listening(host, webGroup.path(), WEB_USER, LOOPBACK, 0)) {
      assertThat(dial(service.port(), web))
          .isEqualTo(
              new ListenerAttestation.Owned(
                  new SocketOwner(WEB_USER, Optional.of("/hmt-workload-web"))));
    }
  }

  @Test
  void anApplicationThatHasAcceptedIsOwned() throws Exception {
    try (ServiceProcess service =
        ServiceProcess.listening(host, webGroup.path(), WEB_USER, "0.0.0.0", 0, "accept")) {
      assertThat(dial(service.port(), web)).isInstanceOf(ListenerAttestation.Owned.class);
      assertThat(dial(service.port(), WorkloadSelector.uid(WEB_USER)))
          .isInstanceOf(ListenerAttestation.Owned.class);
    }
  }

  @Test
  void someoneElseOnTheServicesPortIsForeign() throws Exception {
    try (ServiceProcess user =
            ServiceProcess.listening(host, webGroup.path(), SOMEONE, LOOPBACK, 0);
        ServiceProcess root =
            ServiceProcess.listening(host, otherGroup.path(), 0, "127.0.0.2", 0, "accept")) {
      ListenerAttestation byUser = dial(user.port(), web);

      assertThat(byUser)
          .isInstanceOfSatisfying(
              ListenerAttestation.Foreign.class,
              foreign ->
                  assertThat(foreign.reason())
                      .isEqualTo(
                          "the port is held by uid 4802 in /hmt-workload-web, not by cgroup"
                              + " /hmt-workload-web, uid 4801"));
      assertThat(dial("127.0.0.2", root.port(), WorkloadSelector.cgroup("/hmt-workload-web")))
          .isInstanceOf(ListenerAttestation.Foreign.class);
    }
  }

  @Test
  void ofListenersThatShareAPortTheOneThatGetsTheConnectionCounts() throws Exception {
    WorkloadSelector group = WorkloadSelector.cgroup("/hmt-workload-web");
    try (ServiceProcess own =
            ServiceProcess.listening(
                host, webGroup.path(), WEB_USER, LOOPBACK, 18080, "reuseport");
        ServiceProcess intruder =
            ServiceProcess.listening(
                host, otherGroup.path(), WEB_USER, LOOPBACK, 18080, "reuseport")) {
      assertThat(own.port()).isEqualTo(intruder.port());
      boolean owned = false;
      boolean foreign = false;
      for (int i = 0; i < 200 && !(owned && foreign); i++) {
        switch (dial(18080, group)) {
          case ListenerAttestation.Owned _ -> owned = true;
          case ListenerAttestation.Foreign _ -> foreign = true;
        }
      }
      assertThat(owned).isTrue();
      assertThat(foreign).isTrue();
    }
  }

  @Test
  void aConnectionWithoutASocketIsJudgedByAllListeners() throws Exception {
    try (ServiceProcess own =
        ServiceProcess.listening(host, webGroup.path(), WEB_USER, LOOPBACK, 18081, "reuseport")) {
      // No such connection: what the kernel keeps of a deferred one is no more.
      InetSocketAddress dialler = at("127.0.0.6", 4000);
      ListenerAttestor listeners = new ListenerAttestor(cgroups, ProcessFinder.NONE);
      assertThat(host.call(() -> listeners.attest(at(LOOPBACK, own.port()), dialler, web)))
          .isInstanceOf(ListenerAttestation.Owned.class);
      try (ServiceProcess intruder =
          ServiceProcess.listening(
              host, otherGroup.path(), WEB_USER, LOOPBACK, 18081, "reuseport")) {
        assertThat(host.call(() -> listeners.attest(at(LOOPBACK, intruder.port()), dialler, web)))
            .isInstanceOf(ListenerAttestation.Foreign.class);
      }
      assertThat(host.call(() -> listeners.attest(at(LOOPBACK, 18082), dialler, web)))
          .isEqualTo(new ListenerAttestation.Foreign(Optional.empty(), web));
    }
  }

  @Test
  void attestingTakesMicroseconds() throws Exception {
    CallerAttestor callers = callers(web);
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller = call(webGroup, WEB_USER, server)) {
      InetSocketAddress from = at(LOOPBACK, caller.port());
      InetSocketAddress to = at(LOOPBACK, server.getLocalPort());
      long each =
          host.call(
              () -> {
                for (int i = 0; i < 20_000; i++) {
                  attest(callers, from, to);
                }
                long start = System.nanoTime();
                for (int i = 0; i < 20_000; i++) {
                  attest(callers, from, to);
                }
                return (System.nanoTime() - start) / 20_000;
              });
      // An order of magnitude, against an accidental walk through the tree on each call.
      assertThat(each).as("ns").isLessThan(200_000);
    }
  }

  private ServiceProcess call(ServiceProcess.Group group, int uid, ServerSocket server)
      throws Exception {
    return ServiceProcess.calling(host, group.path(), uid, LOOPBACK, server.getLocalPort());
  }

  private ListenerAttestation dial(int port, WorkloadSelector expected) throws Exception {
    return dial(LOOPBACK, port, expected);
  }

  /** As the agent does: from 127.0.0.6, asking before the first byte. */
  private ListenerAttestation dial(String address, int port, WorkloadSelector expected)
      throws Exception {
    ListenerAttestor listeners = new ListenerAttestor(cgroups, ProcessFinder.NONE);
    return host.call(
        () -> {
          try (Socket socket = new Socket()) {
            socket.bind(at("127.0.0.6", 0));
            socket.connect(at(address, port));
            return listeners.attest(
                at(address, port), at("127.0.0.6", socket.getLocalPort()), expected);
          }
        });
  }
}
