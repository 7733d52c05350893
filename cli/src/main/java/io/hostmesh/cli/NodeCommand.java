package io.hostmesh.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh node}. */
@Command(
    name = "node",
    description = "Hosts, and the services that they may claim.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {NodeCommand.Allow.class, NodeCommand.ListNodes.class})
final class NodeCommand {
  private NodeCommand() {}

  /** {@code hostmesh node allow}. */
  @Command(
      name = "allow",
      sortOptions = false,
      description = "Entitle a host to services: it may then have their certificates.",
      footer = {
        "",
        "Example:",
        "  hostmesh node allow web-1 web batch",
        "  hostmesh node allow web-1 batch --remove"
      })
  static final class Allow implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NODE", description = "the host's name")
    private String node = "";

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "SERVICE",
        description = "name, or namespace/name")
    private List<String> services = List.of();

    @Option(names = "--remove", description = "take these away from it instead")
    private boolean remove;

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject wish =
          new JsonObject()
              .put("node", node)
              .put(remove ? "deny" : "allow", new JsonArray(services));
      JsonObject answer = mesh.citadel().ask("POST", "/v1/entitlements", wish, Limits.CHANGE);
      String all = names(answer.getJsonArray("services"));
      System.out.println(node + " may be: " + (all.isEmpty() ? "no service" : all));
      return 0;
    }
  }

  /** {@code hostmesh node list}. */
  @Command(name = "list", description = "List the hosts that joined, and what they may be.")
  static final class ListNodes implements Callable<Integer> {
    @Option(names = "--json", description = "for programs")
    private boolean json;

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject nodes = mesh.citadel().get("/v1/nodes", Limits.QUESTION);
      JsonObject entitled = mesh.citadel().get("/v1/entitlements", Limits.QUESTION);
      if (json) {
        System.out.println(nodes.mergeIn(entitled).encodePrettily());
        return 0;
      }
      Map<String, String> joined = new TreeMap<>();
      Map<String, String> services = new TreeMap<>();
      for (Object each : entitled.getJsonArray("entitlements")) {
        JsonObject statement = (JsonObject) each;
        services.put(statement.getString("node"), names(statement.getJsonArray("services")));
        joined.put(statement.getString("node"), "not yet");
      }
      for (Object each : nodes.getJsonArray("nodes")) {
        JsonObject node = (JsonObject) each;
        joined.put(node.getString("node"), node.getString("joined"));
      }
      Table table = new Table("NODE", "JOINED", "MAY BE");
      joined.forEach((name, when) -> table.row(name, when, services.getOrDefault(name, "-")));
      table.print();
      return 0;
    }
  }

  /** Without the default namespace, as people write them. */
  private static String names(JsonArray services) {
    return services.stream()
        .map(String::valueOf)
        .map(name -> name.startsWith("default/") ? name.substring("default/".length()) : name)
        .collect(Collectors.joining(", "));
  }
}
