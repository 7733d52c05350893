package io.hostmesh.pilot;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.DaemonProcess;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.systemd.Notify;
import java.nio.file.Path;

/** The command {@code hostmesh-pilot}. */
public final class PilotMain implements Daemon<PilotConfig> {
  public static void main(String[] args) {
    System.exit(DaemonProcess.run(new PilotMain(), args));
  }

  @Override
  public String name() {
    return "hostmesh-pilot";
  }

  @Override
  public String purpose() {
    return "Makes snapshots of the mesh from the registry's catalog and rules, and tells agents.";
  }

  @Override
  public Path defaultConfig() {
    return PilotConfig.DEFAULT_FILE;
  }

  @Override
  public PilotConfig read(Section section) {
    return PilotConfig.read(section);
  }

  @Override
  public AutoCloseable start(PilotConfig config, Host host) throws InterruptedException {
    // Ready for systemd as soon as it works at it: it waits for citadel and the registry as long
    // as they need, which /readyz tells.
    Notify manager = Notify.from(System.getenv());
    PilotState state = PilotState.own(config.stateDir()); // Before anything of it is read.
    Pilot pilot = new Pilot(config, host, state, PilotIdentity.fromCitadel(config, host));
    manager.ready();
    try {
      pilot.start();
    } catch (RuntimeException | InterruptedException e) {
      pilot.close();
      throw e;
    }
    return () -> {
      manager.stopping();
      pilot.close();
    };
  }
}
