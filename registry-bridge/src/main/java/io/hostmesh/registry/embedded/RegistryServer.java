package io.hostmesh.registry.embedded;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP layer: a request is read whole, matched to its handler, and answered at once, when its
 * change is on disk, or when what it waits for has changed. One verticle: its state is its event
 * loop's.
 */
final class RegistryServer extends VerticleBase {
  private static final System.Logger LOG = System.getLogger(RegistryServer.class.getName());
  private static final long TICK_MILLIS = 200;
  private static final long EXPIRY_MILLIS = 1000;

  private final EmbeddedSettings settings;
  private final Clock clock;
  private final RandomGenerator random;
  private final Routes routes = new Routes();
  private @Nullable Parts parts;
  private volatile int port;

  /** What there is from the start on. */
  private record Parts(HttpServer server, Live live, WaitingReads waiting, Journal journal) {}

  RegistryServer(EmbeddedSettings settings, Clock clock, RandomGenerator random) {
    this.settings = settings;
    this.clock = clock;
    this.random = random;
  }

  /** Where it listens, once started. */
  int port() {
    return port;
  }

  @Override
  public Future<?> start() {
    return vertx
        .executeBlocking(() -> Loaded.from(settings))
        .compose(loaded -> serve(Objects.requireNonNull(loaded)));
  }

  /** What stands on disk. */
  private record Loaded(Optional<Disk> disk, Store store) {
    static Loaded from(EmbeddedSettings settings) {
      Optional<Disk> disk = settings.dataDir().map(Disk::new);
      return new Loaded(disk, disk.map(Disk::read).orElse(Store.EMPTY));
    }
  }

  private Future<?> serve(Loaded loaded) {
    Live live = new Live(loaded.store(), clock);
    Journal journal = new Journal(context, loaded.disk(), live::store);
    WaitingReads waiting = new WaitingReads(vertx, random);
    Parts all = new Parts(vertx.createHttpServer(), live, waiting, journal);
    parts = all;
    live.onChange(
        () -> {
          waiting.wake(live.store());
          journal.kept();
        });
    live.change(this::withSelf);
    addRoutes(live);
    DeadNodes deadNodes = new DeadNodes(live, settings.removeDeadNodesAfter());
    vertx.setPeriodic(TICK_MILLIS, _ -> live.tick());
    vertx.setPeriodic(EXPIRY_MILLIS, _ -> deadNodes.look());
    return all.server()
        .requestHandler(request -> receive(all, request))
        .listen(settings.port(), settings.host())
        .onSuccess(server -> port = server.actualPort());
  }

  /** The registry's own node, which {@code /v1/agent} speaks for. */
  private Store withSelf(Store store) {
    return store.node(settings.node()).isPresent()
        ? store
        : store.write(
            new StoredNode(
                settings.node(),
                settings.host(),
                Map.of(),
                new TreeMap<>(),
                new TreeMap<>(),
                0,
                0));
  }

  private void addRoutes(Live live) {
    new KeyRoutes(live).addTo(routes);
    new SessionRoutes(live, settings.node(), settings.shortestSession()).addTo(routes);
    new CatalogRoutes(live, settings.datacenter()).addTo(routes);
    new ConfigRoutes(live).addTo(routes);
    new HealthRoutes(settings.datacenter()).addTo(routes);
    new AgentRoutes(live, settings.node(), SelfView.of(settings)).addTo(routes);
    routes.at(
        "GET",
        "/v1/status/leader",
        new Handler.Read(
            _ -> new Query(Store::index, _ -> Answer.json(SelfView.leader(settings)))));
    routes.at(
        "GET",
        "/v1/status/peers",
        new Handler.Read(
            _ ->
                new Query(
                    Store::index, _ -> Answer.json(Views.array().add(SelfView.leader(settings))))));
  }

  private void receive(Parts all, HttpServerRequest request) {
    request
        .body()
        .onSuccess(body -> handle(all, request, body))
        .onFailure(
            failure ->
                LOG.log(
                    System.Logger.Level.DEBUG, "a request ended early: {0}", failure.getMessage()));
  }

  private void handle(Parts all, HttpServerRequest request, Buffer body) {
    try {
      Routes.Match match = routes.match(Objects.requireNonNullElse(request.path(), "/"));
      Handler handler = match.byMethod().get(request.method().name());
      if (handler == null) {
        throw new Refusal(405, "method " + request.method() + " not allowed");
      }
      Call call = new Call(request.method().name(), match.rest(), request.params(), body);
      checkDatacenter(call);
      switch (handler) {
        case Handler.Read(var query) -> read(all, request.response(), call, query.apply(call));
        case Handler.Write(var change) -> write(all, request.response(), change.apply(call));
      }
    } catch (Refusal e) {
      send(request.response(), Answer.text(e.status(), String.valueOf(e.getMessage())));
    }
  }

  private void checkDatacenter(Call call) {
    call.parameter("dc")
        .filter(wanted -> !wanted.equals(settings.datacenter()))
        .ifPresent(
            wanted -> {
              throw Refusal.state("No path to datacenter");
            });
  }

  private static void read(Parts all, HttpServerResponse response, Call call, Query query) {
    long index = query.index().applyAsLong(all.live().store());
    if (call.after() == 0 || index > call.after()) {
      show(response, query, all.live().store());
      return;
    }
    Runnable withdraw =
        all.waiting()
            .add(
                query,
                call.after(),
                call.patience(),
                all.live()::store,
                store -> show(response, query, store));
    response.exceptionHandler(_ -> withdraw.run());
    response.closeHandler(_ -> withdraw.run());
  }

  private static void show(HttpServerResponse response, Query query, Store store) {
    if (response.closed() || response.ended()) {
      return;
    }
    response.putHeader("X-Consul-Index", Long.toString(query.index().applyAsLong(store)));
    response.putHeader("X-Consul-KnownLeader", "true");
    response.putHeader("X-Consul-LastContact", "0");
    Answer answer;
    try {
      answer = query.view().apply(store);
    } catch (Refusal e) {
      answer = Answer.text(e.status(), String.valueOf(e.getMessage()));
    }
    send(response, answer);
  }

  /** What was changed is on disk before the client hears of it. */
  private static void write(Parts all, HttpServerResponse response, Answer answer) {
    all.journal()
        .kept()
        .onSuccess(_ -> send(response, answer))
        .onFailure(
            failure ->
                send(
                    response,
                    Answer.text(500, "the state cannot be written: " + failure.getMessage())));
  }

  private static void send(HttpServerResponse response, Answer answer) {
    if (!response.closed() && !response.ended()) {
      response
          .setStatusCode(answer.status())
          .putHeader("Content-Type", answer.type())
          .end(answer.body())
          .onFailure(
              failure ->
                  LOG.log(
                      System.Logger.Level.DEBUG,
                      "an answer was not taken: {0}",
                      failure.getMessage()));
    }
  }

  @Override
  public Future<?> stop() {
    Parts all = parts;
    if (all == null) {
      return Future.succeededFuture();
    }
    all.waiting().release(all.live().store());
    return all.journal().kept().eventually(() -> all.server().close());
  }
}
