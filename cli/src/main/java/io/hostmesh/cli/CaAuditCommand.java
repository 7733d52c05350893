package io.hostmesh.cli;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh ca audit}. */
@Command(
    name = "audit",
    description = {
      "Verify the chain of hashes of citadel's ledger, in all its files.",
      "Status 1 where an entry was changed or is missing, with its place."
    })
final class CaAuditCommand implements Callable<Integer> {
  @Option(names = "--output", paramLabel = "FORM", description = "text (the default) or json")
  private String output = "text";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    Outputs.check(output);
    JsonObject audit = mesh.citadel().get("/v1/ledger/audit", Limits.CHANGE);
    boolean intact = audit.getBoolean("intact");
    if (Outputs.isJson(output)) {
      System.out.println(audit.encodePrettily());
    } else {
      System.out.printf(
          "%d entries, %s%n",
          audit.getLong("entries"), intact ? "intact" : audit.getString("problem"));
    }
    return intact ? 0 : 1;
  }
}
