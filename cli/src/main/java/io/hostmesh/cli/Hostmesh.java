package io.hostmesh.cli;

import io.hostmesh.cli.lab.LabCommand;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.DaemonProcess;
import io.hostmesh.runtime.UserError;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * The {@code hostmesh} command. Exit status 0 where all went well, 1 where it did not, 2 where the
 * command line or what it names cannot be used.
 */
@Command(
    name = "hostmesh",
    description = "The mesh's command: rules, nodes, status, and a lab to try it all.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      LabCommand.class,
      ApplyCommand.class,
      GetCommand.class,
      DiffCommand.class,
      AnalyzeCommand.class,
      TryCommand.class,
      DeleteCommand.class,
      HistoryCommand.class,
      RollbackCommand.class,
      StatusCommand.class,
      TokenCommand.class,
      NodeCommand.class,
      OperatorCommand.class,
      AuditCommand.class,
      CaCommand.class,
      RevokeCommand.class
    })
public final class Hostmesh {
  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "show what is behind an error")
  private boolean debug;

  @Option(
      names = "--remote",
      paramLabel = "HOST:PORT",
      scope = ScopeType.INHERIT,
      description = {
        "ask daemons of other hosts, at their admin.listen: HOST:PORT, or pilot=HOST:PORT and",
        "citadel=HOST:PORT (also $HOSTMESH_REMOTE, or ~/.config/hostmesh/remote.conf)"
      })
  private List<String> remote = List.of();

  @Option(
      names = "--identity",
      paramLabel = "D",
      scope = ScopeType.INHERIT,
      description = "the folder of your operator's certificate (also $HOSTMESH_IDENTITY)")
  private @Nullable Path identity;

  private Hostmesh() {}

  /** The options that stand for all commands. */
  static Hostmesh of(@Nullable CommandSpec spec) {
    return (Hostmesh) Objects.requireNonNull(spec, "spec").root().userObject();
  }

  List<String> remote() {
    String named = System.getenv().getOrDefault("HOSTMESH_REMOTE", "");
    return !remote.isEmpty() || named.isEmpty() ? remote : List.of(named.split(","));
  }

  Optional<Path> identity() {
    String named = System.getenv().getOrDefault("HOSTMESH_IDENTITY", "");
    return Optional.ofNullable(identity)
        .or(() -> named.isEmpty() ? Optional.empty() : Optional.of(Path.of(named)));
  }

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  static int run(String... arguments) {
    Hostmesh hostmesh = new Hostmesh();
    CommandLine line = new CommandLine(hostmesh);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    line.getCommandSpec()
        .versionProvider(() -> new String[] {"hostmesh " + DaemonProcess.version()});
    forAll(
        line,
        each -> {
          each.getCommandSpec().mixinStandardHelpOptions(true);
          each.getCommandSpec().usageMessage().width(100);
          each.setUsageHelpLongOptionsMaxWidth(40);
        });
    // curl's "-d @file", for instance, is the program's to read.
    line.setExpandAtFiles(false);
    line.setExecutionExceptionHandler(failures(hostmesh));
    line.setParameterExceptionHandler(Hostmesh::refused);
    return line.execute(arguments);
  }

  private static void forAll(CommandLine line, java.util.function.Consumer<CommandLine> work) {
    work.accept(line);
    line.getSubcommands().values().forEach(each -> forAll(each, work));
  }

  private static IExecutionExceptionHandler failures(Hostmesh hostmesh) {
    return (failure, _, _) -> {
      boolean expected = failure instanceof UserError || failure instanceof HoconException;
      System.err.println(
          "hostmesh: " + (expected ? String.valueOf(failure.getMessage()) : "failed: " + failure));
      if (hostmesh.debug) {
        failure.printStackTrace();
      }
      return failure instanceof HoconException ? 2 : 1;
    };
  }

  /** One line instead of the whole usage. */
  private static int refused(CommandLine.ParameterException failure, String[] arguments) {
    CommandLine line = failure.getCommandLine();
    System.err.println(
        "hostmesh: "
            + failure.getMessage()
            + "; see: "
            + line.getCommandSpec().qualifiedName()
            + " --help");
    return 2;
  }
}
