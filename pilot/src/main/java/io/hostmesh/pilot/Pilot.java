package io.hostmesh.pilot;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.pilot.admin.AdminRoutes;
import io.hostmesh.pilot.catalog.AddressKeeper;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.discovery.AdsServer;
import io.hostmesh.pilot.discovery.AgentBook;
import io.hostmesh.pilot.quota.Lessor;
import io.hostmesh.pilot.rules.RuleGate;
import io.hostmesh.pilot.rules.RuleStore;
import io.hostmesh.pilot.snapshot.MemoryKeeper;
import io.hostmesh.pilot.snapshot.MeshState;
import io.hostmesh.pilot.snapshot.Published;
import io.hostmesh.registry.Registry;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.admin.AuditLog;
import io.hostmesh.runtime.admin.AuditRoute;
import io.hostmesh.runtime.admin.RemoteDoor;
import io.hostmesh.runtime.identity.RuleSeals;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.metrics.Metrics;
import io.hostmesh.runtime.metrics.MetricsServer;
import io.hostmesh.runtime.metrics.Readiness;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.TrustRoots;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** One pilot, put together. Everything that it starts ends with {@link #close()}. */
final class Pilot implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Pilot.class.getName());

  private final PilotConfig config;
  private final Host host;
  private final PilotState state;
  private final PilotIdentity identity;
  private final Registry registry;
  private final MemoryKeeper memory;
  private final MeshState mesh;
  private final RuleGate gate;
  private final Leadership leadership;
  private final AddressKeeper addresses;
  private final RegistryFeed feed;
  private final AgentBook book;
  private final Lessor lessor;
  private final AdsServer ads;
  private final Readiness readiness = new Readiness();
  private final Instant startedAt;
  private final List<HttpServer> servers = new CopyOnWriteArrayList<>();

  /**
   * @param state closed with it
   * @param identity who this pilot is; closed with it
   */
  Pilot(PilotConfig config, Host host, PilotState state, PilotIdentity identity) {
    this.config = config;
    this.host = host;
    this.state = state;
    this.identity = identity;
    this.startedAt = host.clock().instant();
    this.registry = Registry.connect(config.registry(), host.random());
    this.memory = new MemoryKeeper(state.files());
    this.mesh =
        new MeshState(
            config.mesh(),
            config.virtualAddresses(),
            config.guard(),
            memory.read(),
            this::verifier,
            host.clock());
    this.gate =
        config.signedRules() ? RuleGate.signed(state.files(), this::sealVerifier) : RuleGate.open();
    mesh.guardRules(gate);
    this.leadership = new Leadership(registry, config.removeNodesAfter());
    this.addresses =
        new AddressKeeper(
            registry.keyValue(),
            registry.consulVirtualIps(),
            config.virtualAddresses().slots(),
            config.rest(),
            host.clock(),
            leadership::leads,
            mesh::heardConsulAddresses);
    this.feed = new RegistryFeed(registry, mesh, addresses);
    this.book = new AgentBook(host.clock());
    this.lessor = new Lessor(leadership::term);
    this.ads =
        new AdsServer(host.vertx(), book, lessor, host.version(), host.clock(), this::revoked);
  }

  private Optional<Entitlements.Verifier> verifier() {
    return identity
        .roots()
        .map(roots -> statement -> SignedStatements.verify(statement, roots, now()));
  }

  private Optional<RuleGate.Verifier> sealVerifier() {
    return identity
        .roots()
        .map(
            roots ->
                (path, document) ->
                    RuleSeals.verify(path, document, roots, (_, _) -> false, now()));
  }

  private Instant now() {
    return host.clock().instant();
  }

  /**
   * Starts everything that needs no identity; then waits for one, and serves agents.
   *
   * @throws UserError where an address cannot be had, or citadel refuses the join token
   */
  void start() throws InterruptedException {
    Alarms alarms = new Alarms();
    mesh.onPublished(alarms::look);
    mesh.onPublished(published -> ads.publish(published.snapshot()));
    mesh.onPublished(lessor::heard);
    mesh.onPublished(memory::keep);
    mesh.onPublished(this::presentServices);
    identity.onRoots(this::rootsChanged);
    monitor();
    AdminServer admin = admin();
    listening(admin.listen(config.admin().socket()));
    memory.start();
    mesh.start();
    addresses.start();
    feed.start();
    leadership.start(host.version() + " pid " + ProcessHandle.current().pid());
    await(identity.ready());
    mesh.rootsChanged();
    listening(
        ads.listen(
            config.listen(),
            identity.keys(),
            identity.trust(SpiffeId.Node.class::isInstance, "a node's agent")));
    if (config.admin().listen().isPresent()) {
      listening(admin.listen(config.admin().listen().get(), remoteDoor()));
    }
  }

  private void listening(Future<HttpServer> server) throws InterruptedException {
    servers.add(await(server));
  }

  private DenyList revoked() {
    return identity.roots().map(TrustRoots::denied).orElse(DenyList.EMPTY);
  }

  private void rootsChanged(TrustRoots roots) {
    mesh.rootsChanged();
    ads.revocationsChanged();
  }

  /** Virtual addresses are for services with an instance now, as the registry says it. */
  private void presentServices(Published published) {
    if (published.live()) {
      addresses.present(
          published.inputs().instances().stream()
              .map(instance -> instance.service())
              .collect(Collectors.toUnmodifiableSet()));
    }
  }

  private void monitor() throws InterruptedException {
    readiness.require("identity", identity::problem);
    readiness.require("registry", feed::missing);
    Metrics metrics = new Metrics("pilot", host.version());
    Gauge.builder("hostmesh_pilot_streams", book, AgentBook::connected)
        .description("Discovery streams of agents that are open")
        .register(metrics.registry());
    Gauge.builder("hostmesh_pilot_problems", mesh, Pilot::problems)
        .description("Problems of the mesh that pilot knows of")
        .register(metrics.registry());
    Gauge.builder("hostmesh_pilot_leads", leadership, it -> it.leads() ? 1 : 0)
        .description("1 where this pilot is the one that expires dead nodes")
        .register(metrics.registry());
    listening(MetricsServer.listen(host.vertx(), config.metrics(), metrics, readiness));
  }

  private static double problems(MeshState mesh) {
    return mesh.published().map(published -> published.problems().size()).orElse(0);
  }

  private AdminServer admin() {
    AuditLog audit =
        new AuditLog(
            state.files().path(AuditLog.FILE), "pilot", config.admin().audit(), host.clock());
    AdminServer server = new AdminServer(host.vertx(), config.admin().access(), audit);
    new AdminRoutes(
            mesh, new RuleStore(registry.keyValue(), host.clock()), gate, book, this::status)
        .addTo(server);
    return AuditRoute.addTo(server, host.vertx(), audit);
  }

  private RemoteDoor remoteDoor() {
    return new RemoteDoor(
        identity.keys(), () -> identity.roots().orElseThrow(), (_, _) -> false, host.clock());
  }

  private static void awaitClosed(HttpServer server) {
    try {
      server.close().toCompletionStage().toCompletableFuture().get(3, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.log(System.Logger.Level.DEBUG, "a listener did not close in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private JsonObject status() {
    JsonObject missing = new JsonObject();
    readiness.problems().forEach(missing::put);
    JsonObject registryState =
        new JsonObject()
            .put("address", config.registry().toString())
            .put("answers", feed.failure().isEmpty());
    feed.failure().ifPresent(failure -> registryState.put("failure", failure));
    return new JsonObject()
        .put("ready", missing.isEmpty())
        .put("waiting-for", missing)
        .put("version", host.version())
        .put("since", startedAt.toString())
        .put("leads", leadership.leads())
        .put("registry", registryState)
        .put("identity", identity.describe())
        .put("agents", book.connected());
  }

  private static <T> T await(Future<T> future) throws InterruptedException {
    try {
      return future.toCompletionStage().toCompletableFuture().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    ads.close();
    servers.forEach(Pilot::awaitClosed);
    feed.close();
    leadership.close();
    addresses.close();
    mesh.close();
    memory.close();
    registry.close();
    identity.close();
    state.close();
  }
}
