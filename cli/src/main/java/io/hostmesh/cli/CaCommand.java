package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh ca}. */
@Command(
    name = "ca",
    description = "The certificate authorities of this machine's citadel.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CaCommand.Status.class,
      CaCommand.Rotate.class,
      CaCommand.Sign.class,
      CaCommand.Request.class,
      CaCommand.Install.class,
      CaLedgerCommand.class,
      CaAuditCommand.class
    })
final class CaCommand {
  private CaCommand() {}

  /** {@code hostmesh ca status}. */
  @Command(
      name = "status",
      description = "Show roots and intermediates, and whom the next step would strand.")
  static final class Status implements Callable<Integer> {
    @Option(names = "--json", description = "for programs")
    private boolean json;

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject status = mesh.citadel().get("/v1/ca", Limits.QUESTION);
      if (json) {
        System.out.println(status.encodePrettily());
      } else {
        print(status);
      }
      return 0;
    }
  }

  private static void print(JsonObject status) {
    System.out.printf(
        "citadel %s, intermediate by %s, rotation of the root: %s, bundle number %d%n",
        status.getString("citadel"),
        status.getString("source"),
        status.getString("phase"),
        status.getLong("sequence"));
    Table table =
        new Table("AUTHORITY", "ROLE", "UNTIL", "SERIAL OR FINGERPRINT", "HELD BY", "USED BY");
    for (Object each : status.getJsonArray("roots")) {
      JsonObject root = (JsonObject) each;
      table.row(
          "root",
          root.getString("role"),
          root.getString("until"),
          root.getString("fingerprint").substring(0, 16),
          root.getLong("heldBy"),
          root.getLong("inUse"));
    }
    for (Object each : status.getJsonArray("intermediates")) {
      JsonObject intermediate = (JsonObject) each;
      table.row(
          "intermediate",
          intermediate.getString("role"),
          intermediate.getString("until"),
          intermediate.getString("serial"),
          "-",
          "-");
    }
    for (Object each : status.getJsonArray("citadels")) {
      JsonObject other = (JsonObject) each;
      table.row(
          "citadel " + other.getString("citadel"),
          "under " + other.getString("root"),
          "-",
          other.getString("intermediate"),
          "-",
          "-");
    }
    table.print();
    for (String key : new String[] {"problem", "refusedRoots"}) {
      if (status.containsKey(key)) {
        System.out.println(key + ": " + status.getString(key));
      }
    }
    strands("--activate", status.getJsonObject("activate"));
    strands("--retire", status.getJsonObject("retire"));
  }

  private static void strands(String step, JsonObject strands) {
    JsonArray blocking = strands.getJsonArray("strands");
    if (!blocking.isEmpty()) {
      System.out.println(step + " would strand " + blocking.size() + ":");
      blocking.forEach(line -> System.out.println("  " + line));
    }
    strands
        .getJsonArray("needs")
        .forEach(line -> System.out.println("with " + step + " goes: " + line));
  }

  /** {@code hostmesh ca rotate}. */
  @Command(
      name = "rotate",
      sortOptions = false,
      description = {
        "Replace the root or the intermediate of a running mesh, one step at a time. A step that would"
            + " strand someone is refused and names them."
      },
      footer = {
        "",
        "Example:",
        "  hostmesh ca rotate root --prepare",
        "  hostmesh ca status",
        "  hostmesh ca rotate root --activate",
        "  hostmesh ca rotate root --retire"
      })
  static final class Rotate implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "WHAT", description = "root or intermediate")
    private String target = "";

    @ArgGroup(multiplicity = "1")
    private Step step = new Step();

    /** One of them. */
    static final class Step {
      @Option(names = "--prepare", description = "make the new one and have everyone trust it")
      private boolean prepare;

      @Option(
          names = "--activate",
          description = "the new one signs; certificates are renewed early")
      private boolean activate;

      // One of the three is required, so it is what the other two are not.
      @SuppressWarnings("UnusedVariable")
      @Option(
          names = "--retire",
          description = "forget the old one; before --activate, the prepared one")
      private boolean retire;
    }

    @Option(names = "--force", description = "although it strands someone")
    private boolean force;

    @Option(names = "--json", description = "for programs")
    private boolean json;

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      if (!target.equals("root") && !target.equals("intermediate")) {
        throw new UserError(target + ": root or intermediate is rotated");
      }
      String name = step.prepare ? "prepare" : step.activate ? "activate" : "retire";
      JsonObject wish =
          new JsonObject().put("target", target).put("step", name).put("force", force);
      JsonObject status = mesh.citadel().ask("POST", "/v1/ca/rotate", wish, Limits.CHANGE);
      if (json) {
        System.out.println(status.encodePrettily());
      } else {
        status.getJsonArray("stranded").forEach(line -> System.out.println("stranded: " + line));
        print(status);
      }
      return 0;
    }
  }

  /** {@code hostmesh ca csr}. */
  @Command(
      name = "csr",
      description = {
        "Print a certificate request for this citadel's intermediate, to be signed elsewhere. Its key"
            + " stays in citadel's state folder, and is the same until the answer was installed."
      },
      footer = {"", "Example:", "  hostmesh ca csr > citadel-2.csr"})
  static final class Request implements Callable<Integer> {
    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      System.out.print(
          mesh.citadel()
              .ask("POST", "/v1/ca/csr", new JsonObject(), Limits.CHANGE)
              .getString("csr"));
      return 0;
    }
  }

  /** {@code hostmesh ca install}. */
  @Command(
      name = "install",
      description = {
        "Give this citadel the intermediate that was signed for its request. The first one signs at"
            + " once, a later one when it is activated."
      },
      footer = {
        "",
        "Example:",
        "  hostmesh ca install citadel-2.pem",
        "  hostmesh ca rotate intermediate --activate"
      })
  static final class Install implements Callable<Integer> {
    @Parameters(
        index = "0",
        paramLabel = "FILE",
        description = "PEM: the intermediate, then what stands between it and the root")
    private Path file = Path.of("");

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject wish = new JsonObject().put("chain", ConfigFile.text(file));
      JsonObject status = mesh.citadel().ask("POST", "/v1/ca/install", wish, Limits.CHANGE);
      print(status);
      System.out.println(
          status.getBoolean("signs")
              ? "it signs from now on"
              : "it is prepared; have it sign with: hostmesh ca rotate intermediate --activate");
      return 0;
    }
  }

  /** {@code hostmesh ca sign}. */
  @Command(
      name = "sign",
      description = "Sign another citadel's intermediate with the root, and print the chain.",
      footer = {"", "Example:", "  hostmesh ca sign citadel-2.csr > citadel-2.pem"})
  static final class Sign implements Callable<Integer> {
    @Parameters(
        index = "0",
        paramLabel = "FILE",
        description = "the certificate request for it (PKCS #10, PEM)")
    private Path file = Path.of("");

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject wish = new JsonObject().put("csr", ConfigFile.text(file));
      System.out.print(
          mesh.citadel().ask("POST", "/v1/ca/sign", wish, Limits.CHANGE).getString("chain"));
      return 0;
    }
  }
}
