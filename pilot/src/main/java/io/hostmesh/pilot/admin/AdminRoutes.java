package io.hostmesh.pilot.admin;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.model.rules.RuleKind;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.pilot.discovery.AgentBook;
import io.hostmesh.pilot.rules.RuleGate;
import io.hostmesh.pilot.rules.RuleProposal;
import io.hostmesh.pilot.rules.RuleStore;
import io.hostmesh.pilot.snapshot.MeshState;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.admin.AuditNote;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Pilot's requests on the admin socket. What waits does so on virtual threads. */
public final class AdminRoutes {
  private final MeshState mesh;
  private final RuleDesk desk;
  private final AgentPages agents;
  private final Supplier<JsonObject> status;

  /**
   * @param status the daemon's own state, for {@code GET /v1/status}; quick, for any thread
   */
  public AdminRoutes(
      MeshState mesh, RuleStore store, RuleGate gate, AgentBook book, Supplier<JsonObject> status) {
    this.mesh = mesh;
    this.desk = new RuleDesk(mesh, store, gate, book);
    this.agents = new AgentPages(book);
    this.status = status;
  }

  public void addTo(AdminServer server) {
    server
        .change(HttpMethod.POST, "/v1/rules", OperatorRole.EDITOR, this::apply)
        .change(
            HttpMethod.DELETE,
            "/v1/rules",
            OperatorRole.EDITOR,
            r ->
                work(
                    () ->
                        desk.delete(
                            key(r),
                            Optional.ofNullable(r.json().getString("tombstone")),
                            r.caller().text(),
                            r.note())))
        .change(
            HttpMethod.POST,
            "/v1/catalog/confirm",
            OperatorRole.ADMIN,
            r -> now(() -> confirm(r.note())))
        .read(
            HttpMethod.POST,
            "/v1/rules/diff",
            OperatorRole.VIEWER,
            r -> work(() -> desk.difference(files(r))))
        .change(HttpMethod.POST, "/v1/rules/rollback", OperatorRole.EDITOR, this::rollback)
        .read("/v1/rules/history", this::history)
        .read("/v1/rules", this::list)
        .read("/v1/agents", _ -> now(() -> agents.agents(mesh.published())))
        .read("/v1/services", _ -> now(() -> MeshPages.services(mesh.published())))
        .read("/v1/snapshot", _ -> now(() -> MeshPages.snapshot(mesh.published())))
        .read("/v1/status", _ -> now(this::status));
  }

  private Future<JsonObject> apply(AdminServer.Request request) {
    String dryRun = request.query().getOrDefault("dry-run", "false");
    return work(
        () ->
            desk.apply(
                files(request), !dryRun.equals("false"), request.caller().text(), request.note()));
  }

  private Future<JsonObject> history(AdminServer.Request request) {
    String revision = request.query().get("revision");
    return work(
        () ->
            revision == null
                ? desk.history(rule(request.query().get("rule")))
                : desk.revision(number(revision)));
  }

  private Future<JsonObject> rollback(AdminServer.Request request) {
    return work(
        () -> {
          JsonObject wish = request.json();
          String to = wish.getString("to");
          return desk.rollback(
              new RuleDesk.Rollback(
                  to == null ? OptionalLong.empty() : OptionalLong.of(number(to)),
                  rule(wish.getString("rule")),
                  wish.getBoolean("force", false),
                  wish.getBoolean("dry-run", false)),
              request.caller().text(),
              request.note());
        });
  }

  private static long number(String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw new UserError("a revision is a number, not \"" + text + "\"; see hostmesh history");
    }
    return Long.parseLong(text);
  }

  private static Optional<RuleKey> rule(@Nullable String path) {
    if (path == null) {
      return Optional.empty();
    }
    Optional<RuleKey> key = RuleKey.parse(path);
    if (key.isEmpty()) {
      throw new UserError(
          "a rule is KIND/NAMESPACE/SERVICE such as route/default/greeter, not \"" + path + "\"");
    }
    return key;
  }

  private Future<JsonObject> list(AdminServer.Request request) {
    return now(
        () ->
            desk.list(
                Optional.ofNullable(request.query().get("kind")),
                Optional.ofNullable(request.query().get("service"))));
  }

  private JsonObject confirm(AuditNote note) {
    note.object("catalog: what is missing is gone");
    return new JsonObject().put("removed", mesh.confirmDisappearance());
  }

  private JsonObject status() {
    JsonObject json = status.get();
    mesh.published()
        .ifPresent(
            published ->
                json.put("snapshot", published.snapshot().version())
                    .put("live", published.live())
                    .put("catalog", MeshPages.guard(published.guard()))
                    .put("problems", AgentPages.array(published.problems())));
    return json;
  }

  private static List<RuleProposal.File> files(AdminServer.Request request) {
    try {
      JsonArray files = request.json().getJsonArray("files", new JsonArray());
      List<RuleProposal.File> read = new ArrayList<>();
      for (Object item : files) {
        JsonObject file = (JsonObject) item;
        String name = file.getString("name");
        String text = file.getString("text");
        if (name == null || text == null) {
          throw new UserError("each of files needs a name and a text");
        }
        read.add(new RuleProposal.File(name, text));
      }
      return read;
    } catch (DecodeException | ClassCastException e) {
      throw new UserError("the request is not {\"files\": [{\"name\": …, \"text\": …}]}", e);
    }
  }

  private static RuleKey key(AdminServer.Request request) {
    try {
      return new RuleKey(
          RuleKind.parse(request.required("kind")), Scope.parse(request.required("service")));
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
  }

  private static Future<JsonObject> now(Supplier<JsonObject> answer) {
    try {
      return Future.succeededFuture(answer.get());
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  private static Future<JsonObject> work(Supplier<JsonObject> answer) {
    Promise<JsonObject> promise = Promise.promise();
    Thread.ofVirtual().name("admin").start(() -> now(answer).onComplete(promise));
    return promise.future();
  }
}
