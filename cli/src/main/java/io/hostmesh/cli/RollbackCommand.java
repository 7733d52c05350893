package io.hostmesh.cli;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh rollback}. */
@Command(
    name = "rollback",
    sortOptions = false,
    description = {
      "Make the rules what they were after a revision, all of them or nothing; without a number,",
      "undo the newest. It is a revision of its own, so it can be undone, too."
    },
    footer = {
      "",
      "Example:",
      "  hostmesh rollback --dry-run",
      "  hostmesh rollback 12",
      "  hostmesh rollback 12 --rule route/default/greeter"
    })
final class RollbackCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "REVISION",
      description = "see hostmesh history; 0 is before the first")
  private @Nullable Long revision;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      description = "only this one: KIND/NAMESPACE/SERVICE")
  private @Nullable String rule;

  @Option(names = "--dry-run", description = "only judge it, and show what would change")
  private boolean dryRun;

  @Option(names = "--force", description = "also over what was changed beside hostmesh")
  private boolean force;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "text (the default) or json")
  private String output = "text";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    Outputs.check(output);
    JsonObject wish = new JsonObject().put("dry-run", dryRun).put("force", force);
    if (revision != null) {
      wish.put("to", Long.toString(revision));
    }
    if (rule != null) {
      wish.put("rule", rule);
    }
    JsonObject answer = mesh.pilot().ask("POST", "/v1/rules/rollback", wish, Limits.CHANGE);
    if (Outputs.isJson(output)) {
      System.out.println(answer.encodePrettily());
      return 0;
    }
    if (answer.getJsonArray("rules").isEmpty()) {
      System.out.println("no difference");
    } else {
      System.out.printf(
          "%s revision %d%n", dryRun ? "would go back to" : "back to", answer.getLong("to"));
      HistoryCommand.lines(answer.getJsonArray("rules"));
    }
    answer
        .getJsonArray("beside")
        .forEach(
            each -> System.err.println("note: this overwrites a change beside hostmesh: " + each));
    ApplyCommand.notes(answer);
    return 0;
  }
}
