package io.hostmesh.cli;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.model.rules.RuleKind;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminClient;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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
      description =
          "route, access, mode, authentication, external-authorization, upstream or limit")
  private String kind = "";

  @Parameters(
      index = "1",
      paramLabel = "SERVICE",
      description = "the service, or \"NS/*\" or \"*/*\"")
  private String service = "";

  @Option(
      names = "--sign",
      description = "sign it with your operator's certificate (--identity), for rules.signed")
  private boolean sign;

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    String query =
        "kind="
            + GetCommand.encoded(RuleKinds.checked(kind))
            + "&service="
            + GetCommand.encoded(service);
    AdminClient pilot = mesh.pilot();
    JsonObject body = new JsonObject();
    if (sign) {
      body.put("tombstone", Signing.of(mesh.identity(), pilot).tombstone(key()));
    }
    JsonObject answer = pilot.ask("DELETE", "/v1/rules?" + query, body, Limits.CHANGE);
    System.out.println(kind + " " + service + ": deleted");
    ApplyCommand.notes(answer);
    return 0;
  }

  private RuleKey key() {
    try {
      return new RuleKey(RuleKind.parse(kind), Scope.parse(service));
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
  }
}
