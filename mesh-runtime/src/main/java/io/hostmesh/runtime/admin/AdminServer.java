package io.hostmesh.runtime.admin;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.UserError;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * HTTP over a unix socket for operators on the same host. Only root, the daemon's own user and the
 * uids that the daemon names get in, by the kernel's word on the peer. Answers are JSON; an error
 * is {@code {"error": "<one line>"}}.
 *
 * <p>Routes are added before {@link #listen}; handlers run on an event loop and must not block.
 */
public final class AdminServer {
  private static final System.Logger LOG = System.getLogger(AdminServer.class.getName());
  private static final int MAX_BODY = 4 << 20;

  /** Answers a request: a JSON object, or a failure. */
  @FunctionalInterface
  public interface Route {
    Future<JsonObject> answer(Request request);
  }

  /**
   * @param peer who asks
   * @param query the query's parameters, the last of each name
   */
  public record Request(Peer peer, Map<String, String> query, Buffer body) {
    public JsonObject json() {
      return body.length() == 0 ? new JsonObject() : body.toJsonObject();
    }

    /**
     * @throws UserError where the parameter is missing
     */
    public String required(String name) {
      return Optional.ofNullable(query.get(name))
          .orElseThrow(() -> new UserError("the parameter " + name + " is missing"));
    }
  }

  private record RouteKey(HttpMethod method, String path) {}

  private final Vertx vertx;
  private final IntPredicate allowedUid;
  private final Map<RouteKey, Route> routes = new LinkedHashMap<>();

  /**
   * @param allowedUid which users may ask beside root and the daemon's own
   */
  public AdminServer(Vertx vertx, IntPredicate allowedUid) {
    this.vertx = vertx;
    this.allowedUid = allowedUid;
  }

  public AdminServer route(HttpMethod method, String path, Route route) {
    routes.put(new RouteKey(method, path), route);
    return this;
  }

  /** Listens; a socket that a dead daemon left behind is replaced. */
  public Future<HttpServer> listen(Path socket) {
    int ownUid;
    try {
      Path directory = socket.toAbsolutePath().getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      Files.deleteIfExists(socket);
      ownUid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException e) {
      return Future.failedFuture(
          new UserError("cannot make the admin socket " + socket + ": " + e, e));
    }
    HttpServer server =
        vertx
            .createHttpServer(new HttpServerOptions().setIdleTimeout(60))
            .requestHandler(request -> handle(request, ownUid));
    return server
        .listen(SocketAddress.domainSocketAddress(socket.toString()))
        .onSuccess(_ -> openToPeers(socket));
  }

  /** Everyone may connect; who may ask is decided by the peer's credentials, and answered. */
  private static void openToPeers(Path socket) {
    try {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "admin socket " + socket + ": " + e.getMessage());
    }
  }

  private void handle(HttpServerRequest request, int ownUid) {
    Peer peer = peer(request);
    if (peer.uid() != 0 && peer.uid() != ownUid && !allowedUid.test(peer.uid())) {
      answer(request, 403, error("uid " + peer.uid() + " may not use this socket; try sudo"));
      return;
    }
    Route route = routes.get(new RouteKey(request.method(), String.valueOf(request.path())));
    if (route == null) {
      answer(request, 404, error("no such request: " + request.method() + " " + request.path()));
      return;
    }
    collect(request)
        .compose(body -> route.answer(new Request(peer, query(request), body)))
        .onSuccess(json -> answer(request, 200, json))
        .onFailure(failure -> fail(request, failure));
  }

  private static Future<Buffer> collect(HttpServerRequest request) {
    Buffer body = Buffer.buffer();
    request.handler(
        chunk -> {
          body.appendBuffer(chunk);
          if (body.length() > MAX_BODY) {
            request.connection().close();
          }
        });
    return request.end().map(_ -> body);
  }

  private static Peer peer(HttpServerRequest request) {
    Channel channel =
        ((HttpServerConnection) request.connection()).channelHandlerContext().channel();
    try {
      PeerCredentials credentials = ((EpollDomainSocketChannel) channel).peerCredentials();
      int gid = credentials.gids().length > 0 ? credentials.gids()[0] : -1;
      return new Peer(credentials.uid(), gid, credentials.pid());
    } catch (IOException e) {
      throw new IllegalStateException("the kernel does not say who is at the admin socket", e);
    }
  }

  private static Map<String, String> query(HttpServerRequest request) {
    Map<String, String> query = new LinkedHashMap<>();
    request.params().forEach(entry -> query.put(entry.getKey(), entry.getValue()));
    return query;
  }

  private static void fail(HttpServerRequest request, Throwable failure) {
    if (failure instanceof UserError || failure instanceof HoconException) {
      answer(request, 400, error(String.valueOf(failure.getMessage())));
    } else {
      LOG.log(System.Logger.Level.ERROR, "admin request " + request.uri() + " failed", failure);
      answer(request, 500, error("failed: " + failure.getMessage() + "; see the daemon's log"));
    }
  }

  private static JsonObject error(String message) {
    return new JsonObject().put("error", message);
  }

  private static void answer(HttpServerRequest request, int status, JsonObject json) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("content-type", "application/json")
        .end(json.toBuffer().appendString("\n"));
  }
}
