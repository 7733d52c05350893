package io.hostmesh.agent.attestd;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.redirect.TestHost;
import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.CallerAttestor;
import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.ProcessFinder;
import io.hostmesh.agent.workload.Question;
import io.hostmesh.agent.workload.ServiceProcess;
import io.hostmesh.agent.workload.SocketHolders;
import io.hostmesh.agent.workload.Workload;
import io.hostmesh.agent.workload.WorkloadMatcher;
import io.hostmesh.agent.workload.WorkloadSelector;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Section;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A container as the kernel knows it: a network of its own, joined to the host's by a pair of
 * devices, and a control group that is named after it.
 */
class ContainedTest {
  private static final int USER = 4841;
  private static final String ID = "3f4d0123456789ab" + "c".repeat(48);
  private static final String HOST = "10.77.0.1";

  private final CgroupTree cgroups = CgroupTree.ofHost();
  private final Holders holders =
      new Holders(cgroups, new ProcFs(java.nio.file.Path.of("/proc")), new ExecutableHashes());
  private TestHost host;
  private TestHost container;
  private ServiceProcess.Group group;

  @BeforeEach
  void build() throws Exception {
    host = TestHost.make("hmt-contained-h");
    container = TestHost.make("hmt-contained-c");
    TestHost.join(host, container);
    group = ServiceProcess.Group.make(cgroups, "docker-" + ID + ".scope");
  }

  @AfterEach
  void clear() throws Exception {
    group.close();
    container.close();
    host.close();
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  private Attestation attest(int from, int to, String workload) throws Exception {
    WorkloadSelector selector = WorkloadSelector.read(Section.parse("web.conf", workload));
    ProcessFinder helper =
        new ProcessFinder() {
          @Override
          public void find(Question question, EventLoop loop, Consumer<SocketHolders> then) {
            then.accept(holders.of(question));
          }

          @Override
          public Optional<String> problem() {
            return Optional.empty();
          }
        };
    CallerAttestor callers =
        new CallerAttestor(
            cgroups,
            () -> new WorkloadMatcher(List.of(new Workload(ServiceName.of("web"), "w", selector))),
            helper,
            true);
    EventLoop unused = new DefaultEventLoop();
    return host.call(
        () -> {
          AtomicReference<Attestation> answer = new AtomicReference<>();
          callers.attest(at(HOST, to), at("10.77.0.2", from), at(HOST, to), unused, answer::set);
          return answer.get();
        });
  }

  @Test
  void aContainersCallIsToldByItsControlGroupAndProgram() throws Exception {
    try (ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(container, group.path(), USER, HOST, server.getLocalPort())) {
      int to = server.getLocalPort();
      assertThat(attest(caller.port(), to, "container { id = 3f4d0123456789ab }"))
          .isInstanceOfSatisfying(
              Attestation.Attested.class,
              attested -> assertThat(attested.owner().uid()).isEqualTo(USER));
      assertThat(
              attest(
                  caller.port(),
                  to,
                  "container { id = 3f4d0123456789ab }, executable = /usr/sbin/nginx"))
          .isInstanceOf(Attestation.Unknown.class);
      assertThat(attest(caller.port(), to, "container { id = 3f4d0123456789ff }"))
          .isInstanceOf(Attestation.Unknown.class);
      assertThat(attest(caller.port() ^ 1, to, "container { id = 3f4d0123456789ab }"))
          .isInstanceOf(Attestation.NotLocal.class);
    }
  }

  @Test
  void anotherHostsCallIsNoContainers() throws Exception {
    try (ServiceProcess.Group other = ServiceProcess.Group.make(cgroups, "hmt-contained-other");
        ServerSocket server = host.call(() -> new ServerSocket(0));
        ServiceProcess caller =
            ServiceProcess.calling(container, other.path(), USER, HOST, server.getLocalPort())) {
      assertThat(
              attest(caller.port(), server.getLocalPort(), "container { id = 3f4d0123456789ab }"))
          .as("its control group is no container's")
          .isInstanceOf(Attestation.NotLocal.class);
    }
  }
}
