package io.hostmesh.cli.lab;

import io.hostmesh.model.Protocol;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh lab run}. */
@Command(
    name = "run",
    sortOptions = false,
    description = {
      "Run a program on a host as a service: in a control group and under a user of its own,"
          + " registered and called by name.",
      "Returns when every agent knows the instance; the program goes on in the background, in a"
          + " folder of its own, where output.log has what it writes."
    },
    footer = {
      "",
      "Example:",
      "  hostmesh lab run h2 greeter --port 8080 --protocol http --meta version=v1 -- ./greeter",
      "  hostmesh lab run h2 db --port 5432 --user postgres -- /usr/lib/postgresql/15/bin/postgres -D"
          + " data"
    })
final class LabRun implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Parameters(index = "0", paramLabel = "HOST", description = "h1 to hN")
  private String host = "";

  @Parameters(index = "1", paramLabel = "SERVICE", description = "its name, or namespace/name")
  private String service = "";

  @Option(names = "--port", required = true, description = "where the program listens")
  private int port;

  @Option(
      names = "--address",
      paramLabel = "IP",
      description = "the host's address that it listens on, where that is not the loopback address")
  private @Nullable String address;

  @Option(
      names = "--protocol",
      description = "http, http2, grpc, tcp or auto (default: ${DEFAULT-VALUE})")
  private String protocol = "http";

  @Option(names = "--meta", paramLabel = "K=V", description = "metadata, for subsets")
  private Map<String, String> meta = new TreeMap<>();

  @Option(
      names = "--check",
      paramLabel = "HOW",
      description = "health: tcp, http=/PATH or none (default: ${DEFAULT-VALUE})")
  private String check = "tcp";

  @Option(names = "--user", description = "run as this user of the machine instead")
  private @Nullable String user;

  @Option(names = "--copy", paramLabel = "FILE", description = "put this file into its folder")
  private List<Path> copies = List.of();

  @Mixin private LabOption lab = new LabOption();

  @Parameters(index = "2..*", paramLabel = "COMMAND", arity = "1..*", description = "after --")
  private List<String> command = List.of();

  @Override
  public Integer call() {
    JsonObject answer = lab.supervisor().ask("POST", "/v1/run", spec().json(), LIMIT);
    System.out.printf(
        "%s runs on %s, port %d (pid %d); output in %s%n",
        answer.getString("service"),
        answer.getString("host"),
        answer.getInteger("port"),
        answer.getInteger("pid"),
        answer.getString("log"));
    return 0;
  }

  private InstanceSpec spec() {
    try {
      return new InstanceSpec(
          host,
          Names.service(service),
          port,
          Optional.ofNullable(address),
          Protocol.parse(protocol),
          meta,
          check,
          absolute(command),
          System.getenv(),
          Optional.ofNullable(user),
          copies.stream().map(Path::toAbsolutePath).toList());
    } catch (IllegalArgumentException e) {
      throw new UserError("--protocol: " + e.getMessage(), e);
    }
  }

  /** The program starts in a folder of its own, so {@code ./program} is meant from here. */
  private static List<String> absolute(List<String> command) {
    String program = command.getFirst();
    if (!program.contains("/") || program.startsWith("/")) {
      return command;
    }
    Path path = Path.of(program).toAbsolutePath().normalize();
    if (!Files.exists(path)) {
      throw new UserError(program + ": no such program");
    }
    List<String> absolute = new ArrayList<>(command);
    absolute.set(0, path.toString());
    return absolute;
  }
}
