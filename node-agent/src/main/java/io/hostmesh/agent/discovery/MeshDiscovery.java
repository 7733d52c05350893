package io.hostmesh.agent.discovery;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.model.ServiceName;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.client.GrpcClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Configuration in: the mesh as the pilots tell it, starting from the last good configuration on
 * disk. State lives on one context; {@link #view}, {@link #need} and {@link #status} are for any
 * thread.
 */
public final class MeshDiscovery implements MeshSource, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MeshDiscovery.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final Duration SAVE_AFTER = Duration.ofSeconds(1);
  private static final int KEPT_PROBLEMS = 20;

  private final Vertx vertx;
  private final Context context;
  private final Node node;
  private final Clock clock;
  private final PilotLink link;
  private final MeshMemory memory;
  private final Waiting waiting;
  private final List<Consumer<MeshView>> listeners = new CopyOnWriteArrayList<>();

  private volatile CompiledView view = CompiledView.EMPTY;
  private volatile PilotStatus status;

  // Below: on the context only.
  private DiscoveryState state = DiscoveryState.EMPTY;
  private final Set<ServiceName> used = new HashSet<>();
  private Set<ServiceName> upstreams = Set.of();
  private Set<ServiceName> local = Set.of();
  private @Nullable AdsStream stream;
  private boolean pilotAway;
  private boolean saving;
  private final Map<ResourceType, List<String>> refused = new EnumMap<>(ResourceType.class);
  private final Set<String> unknown = new LinkedHashSet<>();

  /**
   * Reads what the disk knows; {@link #start} begins to talk.
   *
   * @param node who this agent is, told to pilot
   * @param memory the last good configuration
   */
  public MeshDiscovery(
      Vertx vertx,
      GrpcClient grpc,
      List<SocketAddress> pilots,
      Node node,
      MeshMemory memory,
      Clock clock,
      RandomGenerator random) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.node = node;
    this.clock = clock;
    this.memory = memory;
    this.waiting = new Waiting(vertx, PATIENCE);
    this.link = new PilotLink(vertx, context, grpc, pilots, random, new FromPilot());
    this.status =
        new PilotStatus(
            false, "", clock.instant(), Optional.of("not yet connected"), "", Map.of(), List.of());
    memory
        .load()
        .ifPresent(
            lastGood -> {
              state = lastGood.state();
              used.addAll(lastGood.used());
              view = view.next(state);
            });
    status(false, "", Optional.of("not yet connected"), "");
  }

  /** Begins to talk with the pilots, for as long as this is open. */
  public void start() {
    context.runOnContext(_ -> link.connect());
  }

  @Override
  public MeshView view() {
    return view;
  }

  public PilotStatus status() {
    return status;
  }

  /**
   * Adds a listener that hears of each new view, on the context of discovery, and of the current
   * one at once.
   */
  public void onView(Consumer<MeshView> listener) {
    context.runOnContext(
        _ -> {
          listeners.add(listener);
          listener.accept(view);
        });
  }

  /**
   * Says what the services of this host are and what they declare to call: their access rules and
   * the endpoints of what they call are kept at hand.
   */
  public void host(Set<ServiceName> services, Set<ServiceName> calls) {
    context.runOnContext(
        _ -> {
          local = Set.copyOf(services);
          upstreams = Set.copyOf(calls);
          replace(state.retain(ResourceType.ACCESS_POLICY, names(local)));
          subscribe();
        });
  }

  @Override
  public void need(ServiceName service, Runnable arrived) {
    context.runOnContext(
        _ -> {
          if (used.add(service)) {
            subscribe();
            saveSoon();
          }
          if (pilotAway || isKnown(service)) {
            arrived.run();
          } else {
            waiting.add(service, arrived);
          }
        });
  }

  /** Tells pilot how this agent is doing. */
  public void report(StatusReport report) {
    context.runOnContext(_ -> link.report(report));
  }

  private boolean isKnown(ServiceName service) {
    return state.of(ResourceType.ENDPOINTS).knows(service.full())
        && state.of(ResourceType.ROUTE).knows(service.full());
  }

  private void subscribe() {
    AdsStream open = stream;
    if (open == null) {
      return;
    }
    Set<ServiceName> called = new HashSet<>(used);
    called.addAll(upstreams);
    for (ResourceType type : ResourceType.values()) {
      Set<String> names =
          switch (type) {
            case MESH_SETTINGS, SERVICE -> AdsStream.EVERYTHING;
            case ENDPOINTS, ROUTE -> names(called);
            case ACCESS_POLICY -> names(local);
          };
      open.subscribe(type, names, state.of(type));
    }
  }

  private static Set<String> names(Set<ServiceName> services) {
    return services.stream().map(ServiceName::full).collect(Collectors.toSet());
  }

  @SuppressWarnings(
      "ReferenceEquality") // The reducer returns the same object where nothing changed.
  private void replace(DiscoveryState next) {
    if (next == state) {
      return;
    }
    state = next;
    view = view.next(next);
    for (Consumer<MeshView> listener : listeners) {
      listener.accept(view);
    }
    saveSoon();
  }

  private final class FromPilot implements PilotLink.Events {
    @Override
    public void opened(WriteStream<DeltaDiscoveryRequest> requests, String pilot) {
      stream = new AdsStream(requests, node);
      subscribe();
      status(false, pilot, Optional.of("waiting for the first answer"), status.version());
    }

    @Override
    public void response(DeltaDiscoveryResponse response) {
      AdsStream open = stream;
      if (open == null) {
        return;
      }
      DiscoveryReducer.Step step = DiscoveryReducer.reduce(state, response);
      remember(response.getTypeUrl(), step);
      replace(step.state());
      open.acknowledge(response, step.refused());
      pilotAway = false;
      waiting.wake(MeshDiscovery.this::isKnown);
      if (!status.connected()) {
        LOG.log(System.Logger.Level.INFO, "connected to pilot " + status.pilot());
      }
      status(true, status.pilot(), Optional.empty(), response.getSystemVersionInfo());
    }

    @Override
    public void lost(String reason, boolean lasting) {
      stream = null;
      if (!lasting) {
        LOG.log(System.Logger.Level.INFO, "the stream ended, connecting anew: {0}", reason);
      } else if (!pilotAway) {
        LOG.log(
            System.Logger.Level.WARNING,
            "no pilot ({0}); going on with the last good configuration, and trying again",
            reason);
      }
      if (lasting) {
        pilotAway = true;
        waiting.wake(_ -> true);
      }
      status(false, status.pilot(), Optional.of(reason), status.version());
    }
  }

  private void remember(String typeUrl, DiscoveryReducer.Step step) {
    for (String reason : step.refused()) {
      LOG.log(System.Logger.Level.WARNING, "refused from pilot: {0}", reason);
    }
    for (String what : step.unknown()) {
      if (unknown.size() < KEPT_PROBLEMS
          && unknown.add("pilot is newer than this agent: " + what)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "ignored from pilot, which is newer than this agent: {0}",
            what);
      }
    }
    ResourceType.of(typeUrl)
        .ifPresent(
            type ->
                refused.put(
                    type,
                    step.refused().stream()
                        .limit(KEPT_PROBLEMS)
                        .map(reason -> "refused from pilot: " + reason)
                        .toList()));
  }

  private void status(boolean connected, String pilot, Optional<String> failure, String version) {
    Map<ResourceType, Integer> counts = new EnumMap<>(ResourceType.class);
    for (ResourceType type : ResourceType.values()) {
      counts.put(type, state.of(type).byName().size());
    }
    Set<String> problems = new LinkedHashSet<>(unknown);
    refused.values().forEach(problems::addAll);
    Instant since = status.connected() == connected ? status.since() : clock.instant();
    status =
        new PilotStatus(connected, pilot, since, failure, version, counts, List.copyOf(problems));
  }

  private void saveSoon() {
    if (!saving) {
      saving = true;
      vertx.setTimer(
          SAVE_AFTER.toMillis(),
          _ ->
              context.runOnContext(
                  _ -> {
                    saving = false;
                    memory.save(vertx, lastGood());
                  }));
    }
  }

  private LastGood lastGood() {
    return new LastGood(state, used);
  }

  /** Writes what is known now, for instance after becoming the owner of the state files. */
  public Future<Boolean> save() {
    Promise<Boolean> done = Promise.promise();
    context.runOnContext(_ -> memory.save(vertx, lastGood()).onComplete(done));
    return done.future();
  }

  @Override
  public void close() {
    context.runOnContext(
        _ -> {
          link.close();
          waiting.wake(_ -> true);
        });
  }
}
