package io.hostmesh.citadel;

import io.hostmesh.api.v1.LedgerHead;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.citadel.ledger.LedgerHeads;
import io.hostmesh.model.OperatorRole;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/**
 * What operators ask of the ledger: {@code GET /v1/ledger/search}, who got what on whose word,
 * {@code GET /v1/ledger/audit}, whether it is what it was, and {@code POST /v1/ledger/accept}, to
 * go on where it is not.
 */
final class LedgerAdmin {
  private static final int MOST = 10_000;
  private static final int LONGEST_REASON = 200;

  private final Ledger ledger;
  private final LedgerHeads heads;
  private final Offload offload;

  LedgerAdmin(Ledger ledger, LedgerHeads heads, Offload offload) {
    this.ledger = ledger;
    this.heads = heads;
    this.offload = offload;
  }

  void addTo(AdminServer server) {
    server
        .read("/v1/ledger/search", request -> offload.call(() -> search(request.query())))
        .read("/v1/ledger/audit", _ -> offload.call(this::audit))
        .change(
            HttpMethod.POST,
            "/v1/ledger/accept",
            OperatorRole.ADMIN,
            request -> offload.call(() -> accept(request)));
  }

  private JsonObject audit() throws IOException {
    LedgerHeads.Audit audit = heads.audit();
    JsonArray others = new JsonArray();
    audit.others().values().forEach(head -> others.add(json(head).put("citadel", head.getName())));
    JsonObject result =
        new JsonObject()
            .put("entries", audit.chain().entries())
            .put("head", audit.chain().head())
            .put("intact", audit.problem().isEmpty())
            .put("others", others);
    audit.problem().ifPresent(problem -> result.put("problem", problem));
    audit.registered().ifPresent(head -> result.put("registry", json(head)));
    audit.registryProblem().ifPresent(problem -> result.put("registryProblem", problem));
    return result;
  }

  private static JsonObject json(LedgerHead head) {
    return new JsonObject()
        .put("entries", head.getEntries())
        .put("head", head.getHead())
        .put("signed", Instant.ofEpochSecond(head.getSignedAtEpochSecond()).toString());
  }

  /** Goes on with a ledger of which something is missing, because a person says so. */
  private JsonObject accept(AdminServer.Request request) throws IOException {
    String reason = request.json().getString("reason", "");
    if (reason.isBlank() || reason.length() > LONGEST_REASON || !isLine(reason)) {
      throw new UserError("reason is one line of at most " + LONGEST_REASON + " characters");
    }
    try {
      heads.accept(reason, request.caller().text());
    } catch (Refusal e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
    request.note().object("ledger").after(reason);
    return audit();
  }

  private static boolean isLine(String text) {
    return text.chars().noneMatch(c -> c < ' ');
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
