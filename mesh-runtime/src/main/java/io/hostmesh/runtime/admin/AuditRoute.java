package io.hostmesh.runtime.admin;

import io.hostmesh.runtime.UserError;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Objects;

/** {@code GET /v1/audit?last=N&since=TIME}: the newest changes, the oldest of them first. */
public final class AuditRoute {
  private static final int MOST = 1000;

  private AuditRoute() {}

  /** Adds it. */
  public static AdminServer addTo(AdminServer server, Vertx vertx, AuditLog audit) {
    return server.read(
        "/v1/audit",
        request ->
            vertx
                .executeBlocking(() -> answer(audit, request), false)
                .map(Objects::requireNonNull));
  }

  private static JsonObject answer(AuditLog audit, AdminServer.Request request) {
    JsonArray changes = new JsonArray();
    audit.last(count(request), since(request)).forEach(changes::add);
    return new JsonObject().put("changes", changes);
  }

  private static int count(AdminServer.Request request) {
    try {
      int count = Integer.parseInt(request.query().getOrDefault("last", "20"));
      if (count >= 0 && count <= MOST) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw new UserError("last is a number of changes, 0 to " + MOST);
  }

  private static Instant since(AdminServer.Request request) {
    try {
      return Instant.parse(request.query().getOrDefault("since", Instant.EPOCH.toString()));
    } catch (DateTimeException e) {
      throw new UserError("since is a time such as 2026-01-31T08:00:00Z", e);
    }
  }
}
