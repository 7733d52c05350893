package io.hostmesh.cli;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh diff}. */
@Command(
    name = "diff",
    description = "Show what applying rules would change.",
    footer = {"", "Example:", "  hostmesh diff -f config/sample"})
final class DiffCommand implements Callable<Integer> {
  /** Neither the status of a failure nor that of a wrong command line. */
  private static final int DIFFERS = 3;

  @Mixin private RuleFiles files = new RuleFiles();

  @Option(
      names = "--exit-code",
      description = "end with 3 where applying would change something; without it, with 0")
  private boolean exitCode;

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    JsonObject answer =
        mesh.pilot().ask("POST", "/v1/rules/diff", files.request(), Limits.QUESTION);
    int changed = 0;
    for (Object each : answer.getJsonArray("rules")) {
      JsonObject rule = (JsonObject) each;
      if (rule.getBoolean("changed")) {
        changed++;
        System.out.printf(
            "%s %s%s%n",
            rule.getString("kind"),
            rule.getString("service"),
            rule.getBoolean("new") ? " (new)" : "");
        rule.getJsonArray("lines").forEach(System.out::println);
      }
    }
    if (changed == 0) {
      System.out.println("no difference");
    }
    return exitCode && changed > 0 ? DIFFERS : 0;
  }
}
