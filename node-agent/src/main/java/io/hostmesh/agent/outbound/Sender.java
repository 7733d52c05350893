package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.balance.Loads;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.inbound.InProcess;
import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.inbound.LocalInstances;
import io.hostmesh.agent.inbound.Origin;
import io.hostmesh.agent.inbound.Receiver;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.tries.LatencyWindow;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.MeshTarget;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.Protection;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.UpstreamLimits;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** What the outbound stage works with. Any thread. */
public final class Sender {
  /** How an endpoint is reached. */
  sealed interface Way {
    /** Through the agent of its host. */
    record Mesh(MeshTarget target) implements Way {}

    /** It is on this host: through our own inbound stage. */
    record SameHost(LocalInstance instance) implements Way {}

    /** It is outside of the mesh: in plaintext. */
    record Plain(Application application) implements Way {}
  }

  private final MeshSource mesh;
  private final Members members;
  private final Loads loads;
  private final OutlierWatch outliers;
  private final ActiveChecks checks = new ActiveChecks(this);
  private final LocalInstances instances;
  private final Receiver receiver;
  private final Telemetry telemetry;
  private final RandomGenerator random;
  private final String node;
  private final ConcurrentHashMap<ServiceName, LatencyWindow> latencies = new ConcurrentHashMap<>();
  private final AtomicInteger mirrorCopies = new AtomicInteger();
  private final ConcurrentHashMap<Call, ServicePair> pairs = new ConcurrentHashMap<>();

  /**
   * @param random used by any thread
   * @param node this host's name
   */
  public Sender(
      MeshSource mesh,
      Members members,
      LocalInstances instances,
      Receiver receiver,
      Telemetry telemetry,
      RandomGenerator random,
      String node) {
    this.mesh = mesh;
    this.members = members;
    this.loads = new Loads(this::bounds, this::show);
    this.outliers = new OutlierWatch(mesh, members, telemetry.metrics());
    this.instances = instances;
    this.receiver = receiver;
    this.telemetry = telemetry;
    this.random = random;
    this.node = node;
  }

  MeshSource mesh() {
    return mesh;
  }

  Members members() {
    return members;
  }

  /** What this host has under way, by the service called. */
  Loads loads() {
    return loads;
  }

  private Load.Bounds bounds(ServiceName service) {
    Protection protection = mesh.view().upstream(service).protection();
    return protection.limits().isEmpty() && protection.retryBudget().isEmpty()
        ? Load.Bounds.DEFAULT
        : new Load.Bounds(
            protection.limits().orElse(UpstreamLimits.NONE),
            protection.retryBudget().orElse(RetryBudget.DEFAULT));
  }

  /** What asks instances whether they are well. */
  ActiveChecks checks() {
    return checks;
  }

  OutlierWatch outliers() {
    return outliers;
  }

  /** Looks after what was called; to be called every second. */
  public void tick() {
    long now = System.nanoTime();
    outliers.tick(now);
    checks.tick(now);
  }

  /** What callers should know of the services that this host calls, a line each. */
  public List<Protected> protectedNow() {
    return Protected.now(loads, members, checks, System.nanoTime());
  }

  private void show(Load load) {
    for (Load.Kind kind : Load.Kind.values()) {
      telemetry
          .metrics()
          .upstreamGauge(
              kind.key() + "_active",
              "What this host has under way towards a service",
              load.service(),
              load,
              l -> l.count(kind));
      telemetry
          .metrics()
          .upstreamCounter(
              "overflows",
              "What was refused since a limit was reached",
              load.service(),
              load,
              l -> l.refusals(kind),
              "limit",
              kind.key());
    }
  }

  /** How long answers of a service take, for those whom that concerns. */
  LatencyWindow latencies(ServiceName service) {
    return latencies.computeIfAbsent(service, _ -> new LatencyWindow());
  }

  /** Copies of requests under way. */
  AtomicInteger mirrorCopies() {
    return mirrorCopies;
  }

  Receiver receiver() {
    return receiver;
  }

  Telemetry telemetry() {
    return telemetry;
  }

  RandomGenerator random() {
    return random;
  }

  /**
   * What calls of one service to another share; to be asked for once a connection.
   *
   * @param protocol as in {@link Call}
   */
  ServicePair pair(SpiffeId.Service source, SpiffeId.Service destination, String protocol) {
    Call call =
        new Call(
            Call.Reporter.SOURCE, Optional.of(source), destination, protocol, /* secured= */ true);
    return pairs.computeIfAbsent(
        call, c -> new ServicePair(source, c, loads.of(c.destination().name())));
  }

  /** The metadata that a service of this host has, where all of its instances here agree. */
  Map<String, String> sourceMeta(ServiceName service) {
    return instances.meta(service);
  }

  /** Opens a gRPC call that this agent makes in the name of a service of this host. */
  public void open(
      ServiceName from, ServiceName to, Upstreams upstreams, HttpStream.Observer observer) {
    MeshSettings settings = mesh.view().settings().orElse(null);
    if (settings == null) {
      observer.failed(
          new Failure(Failure.Kind.NO_ROUTE, "pilot has told nothing yet, not where " + to + " is"),
          true);
      return;
    }
    ServicePair pair =
        pair(
            SpiffeId.Service.of(settings.trustDomain(), settings.datacenter(), from),
            SpiffeId.Service.of(settings.trustDomain(), settings.datacenter(), to),
            Call.GRPC);
    InProcess.open(
        new OutboundHttp(this, new Outgoing(pair, "127.0.0.1"), true, false, upstreams), observer);
  }

  /** How an endpoint is reached now: what runs on this host may have come or gone meanwhile. */
  Way way(Endpoint endpoint, ServicePair pair) {
    if (endpoint.mesh().isPresent() && endpoint.node().equals(node)) {
      Optional<LocalInstance> local = instances.byInstance(endpoint.service(), endpoint.instance());
      if (local.isPresent()) {
        return new Way.SameHost(local.get());
      }
    }
    return pair.remote(endpoint, mesh);
  }

  /** The caller of a same-host call, as our own inbound stage is told it. */
  static Origin origin(Outgoing call) {
    return new Origin(Origin.Arrival.SAME_HOST, call.pair().source(), call.peer(), "");
  }
}
