package io.hostmesh.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A daemon's command line with all that people may ask of it. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
public final class DaemonCommand implements Callable<Integer> {
  private final Daemon<?> daemon;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "the configuration (default: the file under /etc/hostmesh)")
  private @Nullable Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "a setting laid over the file; may be given several times")
  private List<String> settings = List.of();

  @Option(names = "--check", description = "judge the configuration and end")
  private boolean check;

  private DaemonCommand(Daemon<?> daemon) {
    this.daemon = daemon;
  }

  /** The command line, for daemons that add commands of their own. */
  public static CommandLine commandLine(Daemon<?> daemon) {
    CommandLine commandLine = new CommandLine(new DaemonCommand(daemon));
    commandLine.setCommandName(daemon.name());
    commandLine.getCommandSpec().usageMessage().description(daemon.purpose());
    commandLine
        .getCommandSpec()
        .versionProvider(() -> new String[] {daemon.name() + " " + DaemonProcess.version()});
    commandLine.setExecutionExceptionHandler(
        (failure, _, _) -> DaemonProcess.failed(daemon, failure));
    return commandLine;
  }

  @Override
  public Integer call() throws Exception {
    return DaemonProcess.live(
        daemon, new DaemonArguments(Optional.ofNullable(config), settings, check));
  }
}
