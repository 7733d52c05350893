package io.hostmesh.runtime.admin;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.MeshServer;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
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
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * A daemon's door for operators: HTTP over a unix socket, where the kernel says who asks, and on
 * request over TLS, where an operator's certificate says it. Each route names the role that it
 * needs; a change is in the {@link AuditLog} before it is made, and refused where it cannot be.
 * Answers are JSON; an error is {@code {"error": "<one line>"}}.
 *
 * <p>Routes are added before the first {@code listen}; handlers run on an event loop and must not
 * block.
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
   * @param caller who asks
   * @param query the query's parameters, the last of each name
   * @param note for changes: what the audit log shall know
   */
  public record Request(Caller caller, Map<String, String> query, Buffer body, AuditNote note) {
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

  private record Rule(OperatorRole role, boolean change, Route route) {}

  /** An answer other than 200. */
  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;

    Refused(int status, String message) {
      super(message);
      this.status = status;
    }
  }

  private final Vertx vertx;
  private final AdminAccess access;
  private final AuditLog audit;
  private final Accounts accounts = Accounts.OF_THIS_HOST;
  private final Map<RouteKey, Rule> routes = new LinkedHashMap<>();

  /**
   * @param access who of this host's users may ask
   * @param audit where changes are written
   */
  public AdminServer(Vertx vertx, AdminAccess access, AuditLog audit) {
    this.vertx = vertx;
    this.access = access;
    this.audit = audit;
  }

  /** A question of viewers. */
  public AdminServer read(String path, Route route) {
    return read(HttpMethod.GET, path, OperatorRole.VIEWER, route);
  }

  /** A question, which changes nothing. */
  public AdminServer read(HttpMethod method, String path, OperatorRole role, Route route) {
    routes.put(new RouteKey(method, path), new Rule(role, false, route));
    return this;
  }

  /** A change, for the audit log. */
  public AdminServer change(HttpMethod method, String path, OperatorRole role, Route route) {
    routes.put(new RouteKey(method, path), new Rule(role, true, route));
    return this;
  }

  /** A question of viewers where it is a GET, else a change by admins. */
  public AdminServer route(HttpMethod method, String path, Route route) {
    return method.equals(HttpMethod.GET)
        ? read(path, route)
        : change(method, path, OperatorRole.ADMIN, route);
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
            .requestHandler(
                request -> {
                  Peer peer = peer(request);
                  handle(request, () -> local(peer, ownUid));
                });
    return server
        .listen(SocketAddress.domainSocketAddress(socket.toString()))
        .onSuccess(_ -> openToPeers(socket));
  }

  /** Listens for operators with certificates, at the address of {@code admin.listen}. */
  public Future<HttpServer> listen(HostPort address, RemoteDoor door) {
    OperatorTrust trust = door.trust();
    return new MeshServer(door.keys(), trust, ClientAuth.REQUIRED)
        .listen(
            vertx,
            address,
            "admin.listen",
            request -> handle(request, () -> remote(request, trust)));
  }

  /** Everyone may connect; who may ask is decided by the peer's credentials, and answered. */
  private static void openToPeers(Path socket) {
    try {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "admin socket " + socket + ": " + e.getMessage());
    }
  }

  private interface Identification {
    Caller caller();
  }

  private void handle(HttpServerRequest request, Identification identification) {
    Map<String, String> query = query(request);
    AuditNote note = new AuditNote();
    collect(request)
        .compose(
            body ->
                blocking(identification::caller)
                    .compose(caller -> answer(request, new Request(caller, query, body, note))))
        .onSuccess(json -> answer(request, 200, json))
        .onFailure(failure -> fail(request, failure));
  }

  private <T> Future<T> blocking(java.util.concurrent.Callable<T> work) {
    return vertx.executeBlocking(work, false).map(Objects::requireNonNull);
  }

  private Future<JsonObject> answer(HttpServerRequest request, Request asked) {
    String action = request.method() + " " + request.path();
    Rule rule = routes.get(new RouteKey(request.method(), String.valueOf(request.path())));
    if (rule == null) {
      return Future.failedFuture(new Refused(404, "no such request: " + action));
    }
    if (!asked.caller().role().includes(rule.role())) {
      return Future.failedFuture(
          refused(
              asked.caller().text()
                  + " is "
                  + asked.caller().role().text()
                  + " here; "
                  + action
                  + " needs "
                  + rule.role().text()));
    }
    return rule.change() ? audited(action, rule, asked) : call(rule, asked);
  }

  private Future<JsonObject> audited(String action, Rule rule, Request asked) {
    return blocking(() -> audit.begin(asked.caller().json(), action))
        .compose(
            id ->
                call(rule, asked)
                    .transform(
                        result ->
                            blocking(
                                    () -> {
                                      audit.end(
                                          id,
                                          asked.note(),
                                          result.succeeded()
                                              ? "done"
                                              : "refused: " + result.cause().getMessage());
                                      return id;
                                    })
                                .compose(
                                    _ ->
                                        result.succeeded()
                                            ? Future.succeededFuture(result.result())
                                            : Future.failedFuture(result.cause()))));
  }

  private static Future<JsonObject> call(Rule rule, Request asked) {
    try {
      return rule.route().answer(asked);
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
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

  private Caller local(Peer peer, int ownUid) {
    String user = accounts.user(peer.uid()).orElse(String.valueOf(peer.uid()));
    return access
        .role(peer, ownUid, accounts)
        .map(role -> new Caller.Local(peer, user, role))
        .orElseThrow(
            () ->
                refused(
                    user
                        + " (uid "
                        + peer.uid()
                        + ") may not use this socket; use sudo, or be one of the admin.viewers,"
                        + " editors or admins of the daemon's configuration"));
  }

  private static Caller remote(HttpServerRequest request, OperatorTrust trust) {
    try {
      List<X509Certificate> chain =
          Arrays.stream(request.connection().sslSession().getPeerCertificates())
              .map(X509Certificate.class::cast)
              .toList();
      SpiffeId.Operator id = trust.operator(chain); // It may have expired since the handshake.
      return new Caller.Remote(
          id,
          chain.getFirst().getSerialNumber().toString(16),
          String.valueOf(request.connection().remoteAddress().hostAddress()));
    } catch (SSLPeerUnverifiedException | CertificateException e) {
      throw refused("this needs an operator's certificate: " + e.getMessage());
    }
  }

  private static Refused refused(String message) {
    LOG.log(System.Logger.Level.WARNING, "refused an operator: " + message);
    return new Refused(403, message);
  }

  private static Map<String, String> query(HttpServerRequest request) {
    Map<String, String> query = new LinkedHashMap<>();
    request.params().forEach(entry -> query.put(entry.getKey(), entry.getValue()));
    return query;
  }

  private static void fail(HttpServerRequest request, Throwable failure) {
    if (failure instanceof Refused refused) {
      answer(request, refused.status, error(String.valueOf(refused.getMessage())));
    } else if (failure instanceof UserError || failure instanceof HoconException) {
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
