package io.hostmesh.agent.life;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.redirect.CaptureCommand;
import io.hostmesh.agent.redirect.CapturePorts;
import io.hostmesh.agent.redirect.ResolvConf;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AuditLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/** What {@code hostmesh-agent capture} needs to know, with or without a running agent. */
public final class CaptureByHand {
  private CaptureByHand() {}

  /** Where unconfirmed changes are kept. */
  public static Path folder(Path runDirectory) {
    return runDirectory.resolve("capture");
  }

  /** Where changes are written while no configuration says it; nowhere before the first start. */
  public static AuditLog defaultAudit() {
    return Files.isDirectory(AgentConfig.DEFAULT_STATE_DIR)
        ? new AuditLog(
            AgentConfig.DEFAULT_STATE_DIR.resolve(AuditLog.FILE),
            "agent",
            AuditLog.Settings.DEFAULT,
            InstantSource.system())
        : AuditLog.none();
  }

  /** The agent's uid is that of the owner of its state, whoever asks. */
  public static CaptureCommand.Configured of(AgentConfig config) {
    AgentConfig.Listen listen = config.listen();
    try {
      Path state = config.folders().state();
      if (!Files.isDirectory(state)) {
        throw new UserError(
            "state-dir: there is no " + state + ", whose owner says what the agent's user is");
      }
      return new CaptureCommand.Configured(
          config.capture().backend(),
          folder(config.folders().run()),
          config
              .capture()
              .plan(
                  (Integer) Files.getAttribute(state, "unix:uid"),
                  // Whether a running agent's sockets know more than one address is not known here.
                  new CapturePorts(listen.outbound(), listen.inbound(), listen.dns(), false),
                  LocalInstances.declared(config.folders().services(), Agent.reservedPorts(config))
                      .ports(),
                  List.of(),
                  ResolvConf.nameservers(ResolvConf.DEFAULT)),
          config.capture().confirmWithin(),
          config.capture().onStop(),
          config.folders().auditLog(InstantSource.system()));
    } catch (IOException e) {
      throw new UserError("capture: " + e, e);
    } catch (IllegalArgumentException e) {
      throw new UserError("capture: " + e.getMessage(), e);
    }
  }
}
