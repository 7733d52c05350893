package io.hostmesh.cli;

import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.OperatorIdentity;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh operator}. */
@Command(
    name = "operator",
    description = "Operators: certificates for people who work on the mesh from other hosts.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = OperatorCommand.Create.class)
final class OperatorCommand {
  private OperatorCommand() {}

  /** {@code hostmesh operator create}. */
  @Command(
      name = "create",
      sortOptions = false,
      description = {
        "Make an operator's certificate and its key, into a folder.",
        "The key is made here and stays here; citadel signs on the word of an admin."
      },
      footer = {
        "",
        "Example:",
        "  hostmesh operator create ann --role editor --ttl 12h --out ann",
        "  hostmesh --remote pilot.example:15013 --identity ann get"
      })
  static final class Create implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NAME", description = "the operator's name")
    private String name = "";

    @Option(
        names = "--role",
        paramLabel = "ROLE",
        required = true,
        description = "viewer, editor (also rules) or admin (also all else)")
    private String role = "";

    @Option(names = "--ttl", paramLabel = "TIME", description = "for instance 12h (the default)")
    private @Nullable String ttl;

    @Option(names = "--out", paramLabel = "D", required = true, description = "the folder")
    private Path out = Path.of("");

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      KeyPair pair = KeyPairs.generate();
      JsonObject wish =
          new JsonObject()
              .put("name", name)
              .put("role", role)
              .put("csr", Base64.getEncoder().encodeToString(Csr.of(pair)));
      if (ttl != null) {
        wish.put("ttl", ttl);
      }
      JsonObject answer = mesh.citadel().ask("POST", "/v1/operators", wish, Limits.CHANGE);
      OperatorIdentity.write(
          out, pair.getPrivate(), answer.getString("chain"), answer.getString("roots"));
      System.out.println(
          answer.getString("id") + " until " + answer.getString("notAfter") + ", in " + out);
      return 0;
    }
  }
}
