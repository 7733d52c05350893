package io.hostmesh.cli;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh ca audit}. */
@Command(
    name = "audit",
    sortOptions = false,
    description = {
      "Verify the chain of hashes of citadel's ledger, in all its files, and compare it with what the"
          + " registry knows of it.",
      "Status 1 where an entry was changed or is missing, with its place."
    },
    footer = {
      "",
      "Examples:",
      "  hostmesh ca audit",
      "  hostmesh ca audit --accept \"restored from the backup of Monday\""
    })
final class CaAuditCommand implements Callable<Integer> {
  @Option(
      names = "--accept",
      paramLabel = "REASON",
      description = "go on with the ledger as it is, although something is missing; it says so")
  private @Nullable String reason;

  @Option(names = "--output", paramLabel = "FORM", description = "text (the default) or json")
  private String output = "text";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    Outputs.check(output);
    JsonObject audit =
        reason == null
            ? mesh.citadel().get("/v1/ledger/audit", Limits.CHANGE)
            : mesh.citadel()
                .ask(
                    "POST",
                    "/v1/ledger/accept",
                    new JsonObject().put("reason", reason),
                    Limits.CHANGE);
    boolean intact = audit.getBoolean("intact");
    if (Outputs.isJson(output)) {
      System.out.println(audit.encodePrettily());
    } else {
      print(audit, intact);
    }
    return intact ? 0 : 1;
  }

  private static void print(JsonObject audit, boolean intact) {
    System.out.printf(
        "%d entries, %s%n",
        audit.getLong("entries"), intact ? "intact" : audit.getString("problem"));
    JsonObject head = audit.getJsonObject("registry");
    System.out.println(
        head == null
            ? "the registry knows nothing of it"
            : "the registry knows %d of them, since %s"
                .formatted(head.getLong("entries"), head.getString("signed")));
    if (audit.containsKey("registryProblem")) {
      System.out.println("the registry: " + audit.getString("registryProblem"));
    }
    audit.getJsonArray("others").stream()
        .map(JsonObject.class::cast)
        .forEach(
            other ->
                System.out.printf(
                    "citadel %s: %d entries at %s%n",
                    other.getString("citadel"),
                    other.getLong("entries"),
                    other.getString("signed")));
  }
}
