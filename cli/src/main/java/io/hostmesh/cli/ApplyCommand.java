package io.hostmesh.cli;

import io.hostmesh.runtime.admin.AdminClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh apply}. */
@Command(
    name = "apply",
    sortOptions = false,
    description = {
      "Make rules hold: all of those given, or none where one of them cannot.",
      "Returns when they are in force, and says which agents have not taken them yet."
    },
    footer = {
      "",
      "Example:",
      "  hostmesh apply -f config/sample/greeter-split.conf",
      "  echo 'kind = access, service = greeter, allow = [ { from = web } ]' | hostmesh apply -f -"
    })
final class ApplyCommand implements Callable<Integer> {
  @Mixin private RuleFiles files = new RuleFiles();

  @Option(names = "--dry-run", description = "only judge them")
  private boolean dryRun;

  @Option(
      names = "--sign",
      description = "sign them with your operator's certificate (--identity), for rules.signed")
  private boolean sign;

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    AdminClient pilot = mesh.pilot();
    JsonObject request = files.request();
    JsonObject answer =
        pilot.ask(
            "POST",
            "/v1/rules" + (dryRun ? "?dry-run=true" : ""),
            sign ? Signing.of(mesh.identity(), pilot).sign(request) : request,
            Limits.CHANGE);
    for (Object each : answer.getJsonArray("rules")) {
      JsonObject rule = (JsonObject) each;
      System.out.printf(
          "%s %s: %s%n",
          rule.getString("kind"), rule.getString("service"), outcome(rule.getBoolean("changed")));
    }
    notes(answer);
    return 0;
  }

  private String outcome(boolean changed) {
    if (dryRun) {
      return changed ? "good, would change" : "good, would change nothing";
    }
    return changed ? "applied" : "unchanged";
  }

  /** What is worth saying of a change, and the agents that do not have it yet. */
  static void notes(JsonObject answer) {
    answer.getJsonArray("warnings").forEach(note -> System.err.println("note: " + note));
    JsonArray waiting = answer.getJsonArray("agents-waiting", new JsonArray());
    if (!waiting.isEmpty()) {
      System.err.println(
          "note: not yet taken by "
              + waiting.stream().map(String::valueOf).collect(Collectors.joining(", "))
              + "; see hostmesh status");
    }
  }
}
