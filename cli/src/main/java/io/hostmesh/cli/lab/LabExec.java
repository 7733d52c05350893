package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh lab exec}. */
@Command(
    name = "exec",
    sortOptions = false,
    description = "Run a command on a host: as root without an identity, or as a service.",
    footer = {
      "",
      "Signals, standard streams and the exit status are the command's own.",
      "",
      "Example:",
      "  hostmesh lab exec h1 --as web -- curl -s http://greeter.mesh/",
      "  hostmesh lab exec h2 -- ss -ltnp"
    })
final class LabExec implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Parameters(index = "0", paramLabel = "HOST", description = "h1 to hN, or hub")
  private String host = "";

  @Option(names = "--as", paramLabel = "SERVICE", description = "the service that the command is")
  private @Nullable String service;

  @Mixin private LabOption lab = new LabOption();

  @Parameters(index = "1..*", paramLabel = "COMMAND", arity = "1..*", description = "after --")
  private List<String> command = List.of();

  @Override
  public Integer call() {
    JsonObject wish =
        new JsonObject()
            .put("host", host)
            .put("command", new JsonArray(command))
            .put("folder", Path.of("").toAbsolutePath().toString());
    if (service != null) {
      wish.put("as", Names.service(service).full());
    }
    JsonObject answer = lab.supervisor().ask("POST", "/v1/exec", wish, LIMIT);
    List<String> all = new ArrayList<>();
    answer.getJsonArray("prefix").forEach(part -> all.add(String.valueOf(part)));
    all.addAll(command);
    Map<String, String> env =
        service == null ? System.getenv() : Openings.reachable(System.getenv());
    UserError failure = Posix.become(all, env);
    throw failure;
  }
}
