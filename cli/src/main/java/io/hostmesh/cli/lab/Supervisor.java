package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminAccess;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.admin.AuditLog;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/**
 * The process behind a lab: it holds the lab's lock, starts and watches everything, and answers the
 * {@code lab} commands on a socket. It ends when it is asked to, or when the lab cannot be started.
 */
final class Supervisor {
  private static final System.Logger LOG = System.getLogger(Supervisor.class.getName());
  private static final Duration READY = Duration.ofSeconds(40);

  private final LabFolder folder;
  private final Lab lab;
  private final Vertx vertx;
  private final CountDownLatch ended = new CountDownLatch(1);

  private Supervisor(LabFolder folder, Lab lab, Vertx vertx) {
    this.folder = folder;
    this.lab = lab;
    this.vertx = vertx;
  }

  /**
   * Runs until the lab is taken down.
   *
   * @return the process's status
   */
  static int run(LabFolder folder) throws Exception {
    try (FileChannel file =
            FileChannel.open(folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      if (lock == null) {
        throw new UserError(folder.path() + ": its lab has a supervisor already");
      }
      Vertx vertx =
          Vertx.builder()
              .with(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1))
              .build();
      Lab lab = new Lab(folder, LabPlan.read(folder.plan()), Distribution.own());
      return new Supervisor(folder, lab, vertx).serve();
    }
  }

  private int serve() throws Exception {
    api().listen(folder.socket("lab")).toCompletionStage().toCompletableFuture().get();
    Runtime.getRuntime().addShutdownHook(new Thread(lab::stop, "stop"));
    try {
      lab.start();
    } catch (Exception e) {
      String why = e instanceof UserError ? String.valueOf(e.getMessage()) : "failed: " + e;
      LOG.log(System.Logger.Level.ERROR, why, e);
      lab.steps().failed(why);
    }
    ended.await();
    return 0;
  }

  private AdminServer api() {
    AdminServer server = new AdminServer(vertx, AdminAccess.OWNER, AuditLog.none());
    server.route(HttpMethod.GET, "/v1/status", _ -> work(lab::status));
    server.route(
        HttpMethod.POST,
        "/v1/run",
        request -> work(() -> lab.run(InstanceSpec.of(request.json()))));
    server.route(HttpMethod.POST, "/v1/rm", request -> work(() -> remove(request.json())));
    server.route(HttpMethod.POST, "/v1/exec", request -> work(() -> entry(request.json())));
    server.route(HttpMethod.POST, "/v1/stop", request -> work(() -> stop(request.json())));
    server.route(HttpMethod.POST, "/v1/start", request -> work(() -> start(request.json())));
    server.route(HttpMethod.POST, "/v1/kill", request -> work(() -> kill(request.json())));
    server.route(HttpMethod.POST, "/v1/replace", request -> work(() -> replace(request.json())));
    server.route(HttpMethod.POST, "/v1/down", _ -> work(this::down));
    return server;
  }

  /** Off the event loop: starting and waiting take their time. */
  private Future<JsonObject> work(Callable<JsonObject> call) {
    return vertx.executeBlocking(call, false).map(Objects::requireNonNull);
  }

  private JsonObject remove(JsonObject wish) {
    return lab.remove(
        wish.getString("host"),
        ServiceName.parse(wish.getString("service")),
        Optional.ofNullable(wish.getInteger("port")));
  }

  private JsonObject entry(JsonObject wish) {
    return lab.entry(
        wish.getString("host"),
        Optional.ofNullable(wish.getString("as")).map(ServiceName::parse),
        Path.of(wish.getString("folder")),
        wish.getJsonArray("command").stream().map(String::valueOf).toList());
  }

  private Component component(JsonObject wish) {
    return lab.components().named(wish.getString("component"));
  }

  private JsonObject stop(JsonObject wish) {
    component(wish).stop();
    return new JsonObject();
  }

  private JsonObject start(JsonObject wish) {
    Component component = component(wish);
    component.start();
    component.awaitReady(READY);
    return new JsonObject().put("pid", component.pid());
  }

  private JsonObject kill(JsonObject wish) {
    Component component = component(wish);
    int pid = component.pid();
    component.kill();
    return new JsonObject().put("pid", pid);
  }

  private JsonObject replace(JsonObject wish) {
    Component component = component(wish);
    component.replace(READY);
    return new JsonObject().put("pid", component.pid());
  }

  private JsonObject down() throws IOException {
    lab.stop();
    vertx.setTimer(50, _ -> ended.countDown()); // The answer goes out first.
    return new JsonObject();
  }
}
