package io.hostmesh.registry.embedded;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.DaemonProcess;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.systemd.Notify;
import java.nio.file.Path;

/** The embedded registry as a process of its own, for a laptop's mesh and the lab. */
public final class RegistryMain implements Daemon<EmbeddedSettings> {
  private static final System.Logger LOG = System.getLogger(RegistryMain.class.getName());

  public static void main(String[] args) {
    System.exit(DaemonProcess.run(new RegistryMain(), args));
  }

  @Override
  public String name() {
    return "hostmesh-registry";
  }

  @Override
  public String purpose() {
    return "a registry in one process that speaks the part of Consul's API that the mesh uses";
  }

  @Override
  public Path defaultConfig() {
    return Path.of("/etc/hostmesh/registry.conf");
  }

  @Override
  public EmbeddedSettings read(Section section) {
    return EmbeddedSettings.read(section);
  }

  @Override
  public AutoCloseable start(EmbeddedSettings settings, Host host) {
    EmbeddedRegistry registry =
        EmbeddedRegistry.start(host.vertx(), settings, host.clock(), host.random());
    LOG.log(System.Logger.Level.INFO, "listens at {0}", registry.address());
    Notify manager = Notify.from(System.getenv());
    manager.ready();
    return () -> {
      manager.stopping();
      registry.close();
    };
  }
}
