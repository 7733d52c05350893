package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.agent.redirect.TestHost;
import io.hostmesh.model.ServiceName;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A socket's identity is that of the process that made it, whatever becomes of it later: what the
 * kernel is relied on for, and what delegation means.
 */
class CreatorsIdentityTest {
  private static final int WEB_USER = 4821;
  private static final int SOMEONE = 4822;
  private static final String LOOPBACK = "127.0.0.1";

  private final CgroupTree cgroups = CgroupTree.ofHost();
  private final WorkloadSelector web =
      new WorkloadSelector(
          Optional.empty(), Optional.of("/hmt-creator-web"), Optional.of(WEB_USER));
  private TestHost host;
  private ServiceProcess.Group webGroup;
  private ServiceProcess.Group otherGroup;

  @BeforeEach
  void build() throws Exception {
    host = TestHost.make("hmt-creator");
    webGroup = ServiceProcess.Group.make(cgroups, "hmt-creator-web");
    otherGroup = ServiceProcess.Group.make(cgroups, "hmt-creator-other");
  }

  @AfterEach
  void clear() throws Exception {
    webGroup.close();
    otherGroup.close();
    host.close();
  }

  private static InetSocketAddress at(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(LOOPBACK), port);
  }

  private Attestation attest(int from, int to, WorkloadSelector selector, ProcessFinder processes)
      throws Exception {
    CallerAttestor callers =
        new CallerAttestor(
            cgroups,
            () -> new WorkloadMatcher(List.of(new Workload(ServiceName.of("web"), "w", selector))),
            processes,
            false);
    EventLoop unused = new DefaultEventLoop();
    return host.call(
        () -> {
          AtomicReference<Attestation> answer = new AtomicReference<>();
          callers.attest(at(to), at(from), at(to), unused, answer::set);
          return answer.get();
        });
  }

  private Attestation attest(int from, int to) throws Exception {
    return attest(from, to, web, ProcessFinder.NONE);
  }

  @Test
  void aProcessThatMovesToAnotherUnitAfterConnectingStaysWhoItWas() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess leaving =
            ServiceProcess.calling(
                host, webGroup.path(), WEB_USER, LOOPBACK, server.getLocalPort());
        ServiceProcess coming =
            ServiceProcess.calling(
                host, otherGroup.path(), WEB_USER, LOOPBACK, server.getLocalPort())) {
      Files.writeString(otherGroup.path().resolve("cgroup.procs"), "" + leaving.pid());
      Files.writeString(webGroup.path().resolve("cgroup.procs"), "" + coming.pid());

      assertThat(attest(leaving.port(), server.getLocalPort()))
          .isInstanceOf(Attestation.Attested.class);
      assertThat(attest(coming.port(), server.getLocalPort()))
          .as("a service's unit is no place to hide in")
          .isInstanceOf(Attestation.Unknown.class);
    }
  }

  @Test
  void aProcessThatBecomesAnotherUserAfterConnectingStaysWhoItWas() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess root =
            ServiceProcess.calling(
                host, webGroup.path(), 0, LOOPBACK, server.getLocalPort(), "become=" + WEB_USER)) {
      assertThat(attest(root.port(), server.getLocalPort()))
          .isEqualTo(new Attestation.Unknown(new SocketOwner(0, Optional.of("/hmt-creator-web"))));
    }
  }

  /** Connects as the service, hands the socket to a process of someone else, and ends. */
  private static final String HANDS_OVER =
      """
      import array, os, socket, sys, time
      port, uid, other = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
      ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
      if os.fork() == 0:
          open(other + "/cgroup.procs", "w").write(str(os.getpid()))
          os.setuid(uid)
          _, fds, _, _ = theirs.recvmsg(1, socket.CMSG_LEN(4))
          fd = array.array("i", fds[0][2])[0]
          taken = socket.socket(fileno=fd)
          print(os.getpid(), taken.getsockname()[1], flush=True)
          theirs.send(b"y")
          time.sleep(60)
          os._exit(0)
      os.setuid(int(sys.argv[4]))
      made = socket.create_connection(("127.0.0.1", port))
      socket.send_fds(ours, [b"x"], [made.fileno()])
      ours.recv(1)
      os._exit(0)
      """;

  @Test
  void aSocketThatIsPassedOnIsADelegation() throws Exception {
    Path python = Path.of("/usr/bin/python3");
    assumeTrue(Files.isExecutable(python), "python3 passes the socket");
    try (ServerSocket server = host.call(() -> new ServerSocket(0))) {
      List<String> command =
          List.of(
              "bash",
              "-c",
              "echo $$ > '" + webGroup.path().resolve("cgroup.procs") + "'; exec \"$@\"",
              "bash",
              python.toString(),
              "-c",
              HANDS_OVER,
              "" + server.getLocalPort(),
              "" + SOMEONE,
              otherGroup.path().toString(),
              "" + WEB_USER);
      Process passing =
          host.call(
              () ->
                  new ProcessBuilder(command)
                      .redirectError(ProcessBuilder.Redirect.INHERIT)
                      .start());
      long holder = 0;
      try (BufferedReader said =
          new BufferedReader(
              new InputStreamReader(passing.getInputStream(), StandardCharsets.UTF_8))) {
        passing.onExit().join(); // Who made the socket is gone.
        String[] words = said.readLine().split(" ", -1);
        holder = Long.parseLong(words[0]);
        assertThat(attest(Integer.parseInt(words[1]), server.getLocalPort()))
            .as("whoever the service gave it to speaks as the service")
            .isInstanceOf(Attestation.Attested.class);
      } finally {
        passing.destroyForcibly();
        if (holder != 0) {
          ProcessHandle.of(holder).ifPresent(ProcessHandle::destroyForcibly);
        }
        waitUntilEmpty(otherGroup.path());
      }
    }
  }

  private static void waitUntilEmpty(Path group) throws Exception {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!Files.readString(group.resolve("cgroup.procs")).isEmpty()) {
      assertThat(System.nanoTime()).as("processes of " + group + " end").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static final WorkloadSelector NGINX =
      new WorkloadSelector(
          Optional.empty(),
          Optional.of("/hmt-creator-web"),
          Optional.empty(),
          Optional.empty(),
          new ProcessSelector(Optional.empty(), Optional.of("/usr/sbin/nginx"), Optional.empty()));

  /** A helper that says what the test wants. */
  private static ProcessFinder saying(java.util.function.Function<Question, SocketHolders> says) {
    return new ProcessFinder() {
      @Override
      public void find(Question question, EventLoop loop, Consumer<SocketHolders> then) {
        then.accept(says.apply(question));
      }

      @Override
      public Optional<String> problem() {
        return Optional.empty();
      }
    };
  }

  @Test
  void anExecutableIsOnlyBelievedOfThisVerySocket() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(
                host, webGroup.path(), WEB_USER, LOOPBACK, server.getLocalPort())) {
      int to = server.getLocalPort();
      long cookie = host.call(() -> new SocketTable().find(at(caller.port()), at(to))).cookie();

      assertThat(attest(caller.port(), to, NGINX, saying(_ -> running(cookie, "/usr/sbin/nginx"))))
          .isInstanceOf(Attestation.Attested.class);
      assertThat(attest(caller.port(), to, NGINX, saying(_ -> running(cookie, "/tmp/nginx"))))
          .isInstanceOf(Attestation.Unknown.class);
      assertThat(
              attest(caller.port(), to, NGINX, saying(_ -> running(cookie + 1, "/usr/sbin/nginx"))))
          .as("of another connection")
          .isInstanceOf(Attestation.Unknown.class);
      assertThat(
              attest(caller.port(), to, NGINX, saying(_ -> new SocketHolders.Unknown("not there"))))
          .isEqualTo(
              new Attestation.Unknown(
                  new SocketOwner(WEB_USER, Optional.of("/hmt-creator-web")),
                  Optional.of("not there")));
    }
  }

  private static SocketHolders running(long cookie, String executable) {
    return new SocketHolders.Known(
        cookie,
        WEB_USER,
        1,
        List.of(new SocketHolders.Holder(9, 9, WEB_USER, WEB_USER, executable, Optional.empty())));
  }

  @Test
  void anotherProgramOnAServicesPortIsForeign() throws Exception {
    try (ServiceProcess service =
        ServiceProcess.listening(host, webGroup.path(), WEB_USER, LOOPBACK, 0, "accept")) {
      assertThat(listener(service.port(), "/usr/sbin/nginx"))
          .isInstanceOf(ListenerAttestation.Owned.class);
      assertThat(listener(service.port(), "/tmp/nginx"))
          .isInstanceOfSatisfying(
              ListenerAttestation.Foreign.class,
              foreign ->
                  assertThat(foreign.reason())
                      .contains("(/tmp/nginx, gid 4821)")
                      .endsWith("executable /usr/sbin/nginx"));
    }
  }

  private ListenerAttestation listener(int port, String runs) throws Exception {
    ListenerAttestor listeners = new ListenerAttestor(cgroups, saying(_ -> running(0, runs)));
    EventLoop unused = new DefaultEventLoop();
    return host.call(
        () -> {
          try (java.net.Socket socket =
              new java.net.Socket(InetAddress.ofLiteral(LOOPBACK), port)) {
            AtomicReference<ListenerAttestation> answer = new AtomicReference<>();
            listeners.attest(at(port), at(socket.getLocalPort()), NGINX, unused, answer::set);
            return answer.get();
          }
        });
  }
}
