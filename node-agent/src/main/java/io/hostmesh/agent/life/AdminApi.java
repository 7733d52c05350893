package io.hostmesh.agent.life;

import io.hostmesh.agent.discovery.MeshDiscovery;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.redirect.CaptureSettings.OnStop;
import io.hostmesh.model.OperatorRole;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminAccess;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.admin.AuditLog;
import io.hostmesh.runtime.admin.AuditRoute;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What operators can ask and tell the agent over its unix socket. A newer generation takes the
 * socket's name over in one step, so that there is always someone to ask.
 */
final class AdminApi implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(AdminApi.class.getName());

  private final Vertx vertx;
  private final AdminAccess access;
  private final AuditLog audit;
  private final AgentStatus status;
  private final MeshDiscovery discovery;
  private final LocalInstances instances;
  private final Consumer<Optional<OnStop>> stop;
  private final Path socket;
  private @org.jspecify.annotations.Nullable Object ownSocket;

  /**
   * @param stop ends the process in an orderly way, with another policy for the capture rules where
   *     one is given
   */
  AdminApi(
      Vertx vertx,
      AdminAccess access,
      AuditLog audit,
      AgentStatus status,
      MeshDiscovery discovery,
      LocalInstances instances,
      Path socket,
      Consumer<Optional<OnStop>> stop) {
    this.vertx = vertx;
    this.access = access;
    this.audit = audit;
    this.status = status;
    this.discovery = discovery;
    this.instances = instances;
    this.socket = socket;
    this.stop = stop;
  }

  /** Answers from now on. */
  Future<HttpServer> listen(long generation) {
    Path fresh = socket.resolveSibling(socket.getFileName() + "." + generation);
    AdminServer door =
        new AdminServer(vertx, access, audit)
            .read("/v1/status", _ -> Future.succeededFuture(status.json()))
            .read("/v1/config", _ -> Future.succeededFuture(ViewDump.json(discovery.view())))
            .read("/v1/services", _ -> Future.succeededFuture(services()))
            .change(HttpMethod.POST, "/v1/reload", OperatorRole.EDITOR, this::reload)
            .change(HttpMethod.POST, "/v1/stop", OperatorRole.ADMIN, this::stop);
    return AuditRoute.addTo(door, vertx, audit)
        .listen(fresh)
        .compose(server -> vertx.executeBlocking(() -> takeOver(fresh)).map(_ -> server));
  }

  private Path takeOver(Path fresh) {
    try {
      Files.move(
          fresh, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      ownSocket = Files.getAttribute(socket, "unix:ino");
      return socket;
    } catch (IOException e) {
      throw new UserError("admin.socket: cannot make " + socket + ": " + e, e);
    }
  }

  private JsonObject services() {
    return new JsonObject()
        .put("services", status.services())
        .put("problems", new JsonArray(instances.definitions().problems()));
  }

  private Future<JsonObject> reload(AdminServer.Request request) {
    request.note().object("service definitions");
    return vertx
        .executeBlocking(instances::reload)
        .map(
            _ ->
                new JsonObject()
                    .put("services", instances.definitions().services().size())
                    .put("problems", new JsonArray(instances.definitions().problems())));
  }

  private Future<JsonObject> stop(AdminServer.Request request) {
    Optional<OnStop> mode = Optional.ofNullable(request.query().get("mode")).map(AdminApi::onStop);
    request.note().object("agent: stop, " + mode.map(OnStop::name).orElse("as configured"));
    stop.accept(mode);
    return Future.succeededFuture(new JsonObject().put("stopping", true));
  }

  private static OnStop onStop(String text) {
    return switch (text) {
      case "open" -> OnStop.OPEN;
      case "closed" -> OnStop.CLOSED;
      default ->
          throw new UserError(
              "mode \"" + text.toLowerCase(Locale.ROOT) + "\" is neither open nor closed");
    };
  }

  /** Takes the socket's file away, unless a newer generation has made it its own. */
  @Override
  public void close() {
    try {
      if (ownSocket != null
          && Files.exists(socket)
          && ownSocket.equals(Files.getAttribute(socket, "unix:ino"))) {
        Files.deleteIfExists(socket);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "the admin socket stays", e);
    }
  }
}
