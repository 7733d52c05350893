package io.hostmesh.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh history}. */
@Command(
    name = "history",
    sortOptions = false,
    description = {
      "Show the changes of the mesh's rules, the newest first: + new, ~ changed, - deleted.",
      "With a revision's number, the lines that it changed."
    },
    footer = {
      "",
      "Example:",
      "  hostmesh history",
      "  hostmesh history route/default/greeter",
      "  hostmesh history 12"
    })
final class HistoryCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "REVISION or RULE",
      description = "a revision's number, or KIND/NAMESPACE/SERVICE")
  private @Nullable String what;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "text (the default) or json")
  private String output = "text";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    Outputs.check(output);
    boolean one = what != null && what.matches("[0-9]+");
    String query = what == null ? "" : (one ? "?revision=" : "?rule=") + GetCommand.encoded(what);
    JsonObject answer = mesh.pilot().get("/v1/rules/history" + query, Limits.QUESTION);
    if (Outputs.isJson(output)) {
      System.out.println(answer.encodePrettily());
    } else if (one) {
      System.out.printf(
          "revision %d, %s, by %s: %s%n",
          answer.getLong("revision"),
          time(answer),
          answer.getString("operator"),
          answer.getString("action"));
      lines(answer.getJsonArray("rules"));
    } else {
      table(answer);
    }
    return 0;
  }

  private static String time(JsonObject revision) {
    return revision.getString("time").replaceFirst("\\.[0-9]+Z", "Z");
  }

  private static void table(JsonObject answer) {
    JsonArray revisions = answer.getJsonArray("revisions");
    if (revisions.isEmpty()) {
      System.out.println("no changes");
    } else {
      Table table = new Table("REVISION", "TIME", "WHO", "ACTION", "RULES");
      for (Object each : revisions) {
        JsonObject revision = (JsonObject) each;
        table.row(
            revision.getLong("revision"),
            time(revision),
            revision.getString("operator"),
            revision.getString("action"),
            revision.getJsonArray("changes").stream()
                .map(JsonObject.class::cast)
                .map(change -> change.getString("change") + " " + name(change))
                .collect(Collectors.joining(", ")));
      }
      table.print();
    }
    for (Object each : answer.getJsonArray("beside")) {
      System.err.println(
          "note: " + name((JsonObject) each) + " was changed beside hostmesh, in the registry");
    }
  }

  private static String name(JsonObject rule) {
    return rule.getString("kind") + " " + rule.getString("service");
  }

  /** Each rule with what differs. */
  static void lines(JsonArray rules) {
    for (Object each : rules) {
      JsonObject rule = (JsonObject) each;
      System.out.println(rule.getString("change") + " " + name(rule));
      rule.getJsonArray("lines").forEach(System.out::println);
    }
  }
}
