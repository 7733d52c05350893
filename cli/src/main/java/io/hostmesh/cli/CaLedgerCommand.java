package io.hostmesh.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh ca ledger}. */
@Command(
    name = "ledger",
    sortOptions = false,
    description = "Show who got which certificate, when, and on whose word.",
    footer = {"", "Example:", "  hostmesh ca ledger --node web-1 --since 24h"})
final class CaLedgerCommand implements Callable<Integer> {
  @Option(names = "--last", paramLabel = "N", description = "how many (default: 20)")
  private int last = 20;

  @Option(names = "--node", paramLabel = "NODE", description = "of, or asked for by, this host")
  private @Nullable String node;

  @Option(names = "--service", paramLabel = "S", description = "certificates of this service")
  private @Nullable String service;

  @Option(
      names = "--since",
      paramLabel = "WHEN",
      description = "a time such as 2026-01-31T08:00:00Z, or how long ago, such as 24h")
  private @Nullable String since;

  @Option(names = "--output", paramLabel = "FORM", description = "text (the default) or json")
  private String output = "text";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    Outputs.check(output);
    String query = "/v1/ledger/search?last=" + last;
    if (node != null) {
      query += "&node=" + GetCommand.encoded(node);
    }
    if (service != null) {
      query += "&service=" + GetCommand.encoded(service);
    }
    if (since != null) {
      query += "&since=" + AuditCommand.Times.since(since);
    }
    JsonArray entries = mesh.citadel().get(query, Limits.CHANGE).getJsonArray("entries");
    if (Outputs.isJson(output)) {
      System.out.println(new JsonObject().put("entries", entries).encodePrettily());
      return 0;
    }
    if (entries.isEmpty()) {
      System.out.println("no entries");
      return 0;
    }
    Table table = new Table("NUMBER", "TIME", "EVENT", "WHAT", "UNTIL", "ASKED BY");
    for (Object each : entries) {
      JsonObject entry = (JsonObject) each;
      table.row(
          entry.getLong("seq"),
          entry.getString("time", "").replaceFirst("\\.[0-9]+Z", "Z"),
          entry.getString("event", ""),
          entry.getString("id", entry.getString("node", entry.getString("token", ""))),
          entry.getString("notAfter", ""),
          entry.getString("asker", ""));
    }
    table.print();
    return 0;
  }
}
