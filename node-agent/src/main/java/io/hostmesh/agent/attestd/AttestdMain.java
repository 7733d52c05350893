package io.hostmesh.agent.attestd;

import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.Users;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.DaemonProcess;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.systemd.Notify;
import java.nio.file.Path;

/** The command {@code hostmesh-attestd}. */
public final class AttestdMain implements Daemon<AttestdConfig> {
  public static void main(String[] args) {
    System.exit(DaemonProcess.run(new AttestdMain(), args));
  }

  @Override
  public String name() {
    return "hostmesh-attestd";
  }

  @Override
  public String purpose() {
    return "Tells the agent of this host which program holds a socket. Optional.";
  }

  @Override
  public Path defaultConfig() {
    return Path.of("/etc/hostmesh/attestd.conf");
  }

  @Override
  public AttestdConfig read(Section section) {
    return AttestdConfig.read(section);
  }

  @Override
  public AutoCloseable start(AttestdConfig config, Host host) {
    int agent;
    try {
      agent = Users.uid(config.agentUser());
    } catch (IllegalArgumentException e) {
      throw new UserError("agent-user: " + e.getMessage(), e);
    }
    Holders holders =
        new Holders(CgroupTree.ofHost(), new ProcFs(Path.of("/proc")), new ExecutableHashes());
    AttestdServer server =
        new AttestdServer(host.vertx(), uid -> uid == 0 || uid == agent, holders::of);
    server.listen(config.socket());
    Notify manager = Notify.from(System.getenv());
    manager.ready();
    return () -> {
      manager.stopping();
      server.close();
    };
  }
}
