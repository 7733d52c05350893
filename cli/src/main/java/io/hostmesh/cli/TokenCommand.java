package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh token}. */
@Command(
    name = "token",
    description = "Join tokens: with one, a host or a pilot gets its first certificate.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = TokenCommand.Create.class)
final class TokenCommand {
  private TokenCommand() {}

  /** {@code hostmesh token create}. */
  @Command(
      name = "create",
      sortOptions = false,
      description = "Make a token that works once, and print it.",
      footer = {
        "",
        "Example:",
        "  hostmesh token create --node web-1 --ttl 30m > join.token",
        "  hostmesh token create --pilot"
      })
  static final class Create implements Callable<Integer> {
    @Option(names = "--node", paramLabel = "N", description = "only for the host of this name")
    private @Nullable String node;

    @Option(names = "--pilot", description = "for a pilot")
    private boolean pilot;

    @Option(
        names = "--replace",
        description = "the host of this name may be joined already: its key is replaced")
    private boolean replace;

    @Option(names = "--ttl", paramLabel = "TIME", description = "for instance 1h (the default)")
    private @Nullable String ttl;

    @Option(names = "--json", description = "for programs")
    private boolean json;

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      if (pilot && node != null) {
        throw new UserError("--pilot and --node: a token is for one of them");
      }
      JsonObject wish = new JsonObject().put("kind", pilot ? "pilot" : "node");
      if (node != null) {
        wish.put("node", node);
      }
      if (replace) {
        wish.put("replace", true);
      }
      if (ttl != null) {
        wish.put("ttl", ttl);
      }
      JsonObject answer = mesh.citadel().ask("POST", "/v1/tokens", wish, Limits.CHANGE);
      System.out.println(json ? answer.encodePrettily() : answer.getString("token"));
      return 0;
    }
  }
}
