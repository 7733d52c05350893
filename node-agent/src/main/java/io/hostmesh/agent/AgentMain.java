package io.hostmesh.agent;

import io.hostmesh.agent.life.Agent;
import io.hostmesh.agent.life.CaptureByHand;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.redirect.CaptureCommand;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.DaemonCommand;
import io.hostmesh.runtime.DaemonProcess;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.ProcessSettings;
import io.hostmesh.runtime.config.ConfigFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** The command {@code hostmesh-agent}. */
public final class AgentMain implements Daemon<AgentConfig> {
  @Override
  public String name() {
    return "hostmesh-agent";
  }

  @Override
  public String purpose() {
    return "The data plane of Hostmesh on this host.";
  }

  @Override
  public Path defaultConfig() {
    return Path.of("/etc/hostmesh/agent.conf");
  }

  @Override
  public AgentConfig read(Section section) {
    return AgentConfig.read(section);
  }

  @Override
  public void check(AgentConfig configuration) {
    LocalInstances.check(configuration.folders().services(), Agent.reservedPorts(configuration));
  }

  @Override
  public AutoCloseable start(AgentConfig configuration, Host host) throws Exception {
    return Agent.start(
        configuration,
        host,
        status -> Thread.ofPlatform().name("end").start(() -> System.exit(status)));
  }

  /** The configuration of {@code hostmesh-agent capture}, which works without an agent. */
  private CaptureCommand.Configured captured(Optional<Path> file, List<String> settings) {
    AgentConfig configuration =
        ConfigFile.read(
            file.orElse(defaultConfig()),
            settings,
            section -> {
              ProcessSettings.read(section);
              return read(section);
            });
    return CaptureByHand.of(configuration);
  }

  static CommandLine commandLine() {
    AgentMain agent = new AgentMain();
    CommandLine commandLine = DaemonCommand.commandLine(agent);
    CommandLine capture =
        new CommandLine(
            new CaptureCommand(
                agent::captured,
                CaptureByHand.folder(AgentConfig.DEFAULT_RUN_DIR),
                CaptureByHand.defaultAudit()));
    commandLine.addSubcommand(capture);
    // Also for the command that was added: its mistakes are answered like the agent's own.
    commandLine.setExecutionExceptionHandler(commandLine.getExecutionExceptionHandler());
    return commandLine;
  }

  public static void main(String[] args) {
    System.exit(DaemonProcess.run(new AgentMain(), all -> commandLine().execute(all), args));
  }
}
