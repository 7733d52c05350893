package io.hostmesh.citadel;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.DaemonProcess;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.systemd.Notify;
import java.nio.file.Path;

/** The command {@code hostmesh-citadel}. */
public final class CitadelMain implements Daemon<CitadelConfig> {
  public static void main(String[] args) {
    System.exit(DaemonProcess.run(new CitadelMain(), args));
  }

  @Override
  public String name() {
    return "hostmesh-citadel";
  }

  @Override
  public String purpose() {
    return "The certificate authority of a Hostmesh mesh.";
  }

  @Override
  public Path defaultConfig() {
    return Path.of("/etc/hostmesh/citadel.conf");
  }

  @Override
  public CitadelConfig read(Section section) {
    return CitadelConfig.read(section);
  }

  @Override
  public AutoCloseable start(CitadelConfig configuration, Host host) throws Exception {
    CitadelProcess citadel = CitadelProcess.start(configuration, host);
    Notify manager = Notify.from(System.getenv());
    manager.ready();
    return () -> {
      manager.stopping();
      citadel.close();
    };
  }
}
