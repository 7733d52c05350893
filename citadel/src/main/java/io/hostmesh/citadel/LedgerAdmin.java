package io.hostmesh.citadel;

import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.citadel.ledger.LedgerChain;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/**
 * What operators ask of the ledger: {@code GET /v1/ledger/search}, who got what on whose word, and
 * {@code GET /v1/ledger/audit}, whether it is what it was.
 */
final class LedgerAdmin {
  private static final int MOST = 10_000;

  private final Ledger ledger;
  private final Offload offload;

  LedgerAdmin(Ledger ledger, Offload offload) {
    this.ledger = ledger;
    this.offload = offload;
  }

  void addTo(AdminServer server) {
    server
        .read("/v1/ledger/search", request -> offload.call(() -> search(request.query())))
        .read("/v1/ledger/audit", _ -> offload.call(this::audit));
  }

  /** Reads all files again. */
  private JsonObject audit() throws IOException {
    LedgerChain.Reading reading = ledger.reread(_ -> {});
    JsonObject result =
        new JsonObject()
            .put("entries", reading.chain().entries())
            .put("head", reading.chain().head())
            .put("intact", reading.broken().isEmpty());
    reading
        .broken()
        .ifPresent(
            broken ->
                result.put(
                    "problem",
                    "the ledger was changed: "
                        + broken.file()
                        + ", line "
                        + broken.line()
                        + ": "
                        + broken.reason()));
    return result;
  }

  private JsonObject search(Map<String, String> query) throws IOException {
    int last = last(query.getOrDefault("last", "20"));
    Instant since = since(query.getOrDefault("since", Instant.EPOCH.toString()));
    Deque<JsonObject> found = new ArrayDeque<>();
    var _ =
        ledger.reread(
            entry -> {
              if (matches(entry, query, since)) {
                found.addLast(entry);
                if (found.size() > last) {
                  found.removeFirst();
                }
              }
            });
    JsonArray entries = new JsonArray();
    found.forEach(entries::add);
    return new JsonObject().put("entries", entries);
  }

  private static boolean matches(JsonObject entry, Map<String, String> query, Instant since) {
    String node = query.get("node");
    String service = query.get("service");
    String id = entry.getString("id", "");
    return !Instant.parse(entry.getString("time", Instant.EPOCH.toString())).isBefore(since)
        && (node == null
            || id.endsWith("/node/" + node)
            || entry.getString("asker", "").endsWith("/node/" + node)
            || node.equals(entry.getString("node")))
        && (service == null || id.endsWith("/svc/" + service));
  }

  private static int last(String text) {
    try {
      int last = Integer.parseInt(text);
      if (last >= 0 && last <= MOST) {
        return last;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw new UserError("last is a number of entries, 0 to " + MOST);
  }

  private static Instant since(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new UserError("since is a time such as 2026-01-31T08:00:00Z", e);
    }
  }
}
