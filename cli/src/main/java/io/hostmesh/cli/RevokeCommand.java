package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminClient;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh revoke}. */
@Command(
    name = "revoke",
    description = {
      "Emergency revocation: nothing more is issued, certificates are denied everywhere and live"
          + " connections closed, within about two seconds."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RevokeCommand.Node.class,
      RevokeCommand.Service.class,
      RevokeCommand.Serial.class,
      RevokeCommand.ListAll.class,
      RevokeCommand.Undo.class
    })
final class RevokeCommand {
  private RevokeCommand() {}

  /** What a revocation may say. */
  static final class About {
    @Option(
        names = "--for",
        paramLabel = "TIME",
        description = "issue nothing for so long, for instance 24h; without it, until it is undone")
    private @Nullable String lasting;

    @Option(
        names = "--reason",
        paramLabel = "TEXT",
        description = "one line, shown to who is refused")
    private @Nullable String reason;

    int revoke(Mesh mesh, JsonObject wish) {
      if (lasting != null) {
        wish.put("for", lasting);
      }
      if (reason != null) {
        wish.put("reason", reason);
      }
      AdminClient citadel = mesh.citadel();
      JsonObject made = citadel.ask("POST", "/v1/revocations", wish, Limits.CHANGE);
      System.out.printf(
          "%s: denied until %s; take it back with: hostmesh revoke undo %s%n",
          made.getString("name"), made.getString("deniedUntil"), made.getString("name"));
      return 0;
    }
  }

  /** {@code hostmesh revoke node}. */
  @Command(
      name = "node",
      sortOptions = false,
      description = "Revoke a host: its agent's certificate and those of its services there.",
      footer = {"", "Example:", "  hostmesh revoke node web-1 --reason \"stolen disk\""})
  static final class Node implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NAME", description = "the host's name")
    private String node = "";

    @Mixin private About about = new About();

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      return about.revoke(mesh, new JsonObject().put("node", node));
    }
  }

  /** {@code hostmesh revoke service}. */
  @Command(
      name = "service",
      sortOptions = false,
      description = "Revoke a service, everywhere or on one host.",
      footer = {"", "Example:", "  hostmesh revoke service shop/payments --on web-1 --for 24h"})
  static final class Service implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "SERVICE", description = "name, or namespace/name")
    private String service = "";

    @Option(names = "--on", paramLabel = "NODE", description = "only its certificates on this host")
    private @Nullable String node;

    @Mixin private About about = new About();

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject wish = new JsonObject().put("service", service);
      if (node != null) {
        wish.put("node", node);
      }
      return about.revoke(mesh, wish);
    }
  }

  /** {@code hostmesh revoke serial}. */
  @Command(
      name = "serial",
      sortOptions = false,
      description = "Revoke one certificate; a service gets another one at once.",
      footer = {"", "Example:", "  hostmesh revoke serial 9f:31:0c:..."})
  static final class Serial implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NUMBER", description = "hexadecimal")
    private String serial = "";

    @Mixin private About about = new About();

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      return about.revoke(mesh, new JsonObject().put("serial", serial.toLowerCase(Locale.ROOT)));
    }
  }

  /** {@code hostmesh revoke list}. */
  @Command(name = "list", description = "List what is revoked.")
  static final class ListAll implements Callable<Integer> {
    @Option(names = "--json", description = "for programs")
    private boolean json;

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      JsonObject all = mesh.citadel().get("/v1/revocations", Limits.QUESTION);
      if (json) {
        System.out.println(all.encodePrettily());
        return 0;
      }
      Table table =
          new Table("NAME", "WHAT", "REVOKED", "DENIED UNTIL", "ISSUED AGAIN", "BY", "REASON");
      for (Object each : all.getJsonArray("revocations")) {
        JsonObject entry = (JsonObject) each;
        table.row(
            entry.getString("name"),
            what(entry),
            entry.getString("revoked"),
            entry.getString("deniedUntil"),
            entry.getString("refusedUntil").equals("undone")
                ? "when undone"
                : entry.getString("refusedUntil"),
            entry.getString("operator"),
            entry.getString("reason"));
      }
      table.print();
      return 0;
    }
  }

  private static String what(JsonObject entry) {
    String node = entry.getString("node");
    String service = entry.getString("service");
    if (!entry.getString("revokedSerial").isEmpty()) {
      return "serial " + entry.getString("revokedSerial");
    }
    return service.isEmpty()
        ? "node " + node
        : "service " + service + (node.isEmpty() ? "" : " on " + node);
  }

  /** {@code hostmesh revoke undo}. */
  @Command(name = "undo", description = "Take a revocation back.")
  static final class Undo implements Callable<Integer> {
    @Parameters(
        index = "0",
        paramLabel = "NAME",
        description = "as \"hostmesh revoke list\" has it")
    private String name = "";

    @Mixin private Mesh mesh = new Mesh();

    @Override
    public Integer call() {
      if (name.isBlank()) {
        throw new UserError("which one? see: hostmesh revoke list");
      }
      JsonObject gone =
          mesh.citadel()
              .ask(
                  "POST",
                  "/v1/revocations/undo",
                  new JsonObject().put("name", name),
                  Limits.CHANGE);
      System.out.println(what(gone) + " is no longer revoked");
      return 0;
    }
  }
}
