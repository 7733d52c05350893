package io.hostmesh.cli;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code hostmesh delete}. */
@Command(
    name = "delete",
    description = "Delete a rule; returns when it holds no more.",
    footer = {"", "Example:", "  hostmesh delete route greeter"})
final class DeleteCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "KIND",
      description = "route, access, mode, authentication or external-authorization")
  private String kind = "";

  @Parameters(
      index = "1",
      paramLabel = "SERVICE",
      description = "the service, or \"NS/*\" or \"*/*\"")
  private String service = "";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    String query =
        "kind="
            + GetCommand.encoded(RuleKinds.checked(kind))
            + "&service="
            + GetCommand.encoded(service);
    JsonObject answer =
        mesh.pilot().ask("DELETE", "/v1/rules?" + query, new byte[0], Limits.CHANGE);
    System.out.println(kind + " " + service + ": deleted");
    ApplyCommand.waiting(answer);
    return 0;
  }
}
