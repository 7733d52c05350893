package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.Node;
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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
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

  private final Vertx vertx;
  private final Context context;
  private final Node node;
  private final PilotLink link;
  private final MeshMemory memory;
  private final Waiting waiting;
  private final PilotNotes notes;
  private final List<Consumer<MeshView>> listeners = new CopyOnWriteArrayList<>();

  private volatile CompiledView view = CompiledView.EMPTY;

  // Below: on the context only.
  private DiscoveryState state = DiscoveryState.EMPTY;
  private Demand demand = Demand.NONE;
  private @Nullable AdsStream stream;
  private boolean pilotAway;
  private boolean saving;

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
    this.memory = memory;
    this.waiting = new Waiting(vertx, PATIENCE);
    this.link = new PilotLink(vertx, context, grpc, pilots, random, new FromPilot());
    this.notes = new PilotNotes(clock);
    memory
        .load()
        .ifPresent(
            lastGood -> {
              state = lastGood.state();
              demand = demand.using(lastGood.used());
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
    return notes.status();
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
          demand = demand.ofHost(services, calls);
          replace(
              state
                  .retain(ResourceType.ACCESS_POLICY, demand.names(ResourceType.ACCESS_POLICY))
                  .retain(ResourceType.MODE_POLICY, demand.names(ResourceType.MODE_POLICY))
                  .retain(ResourceType.LIMIT_POLICY, demand.names(ResourceType.LIMIT_POLICY)));
          subscribe();
        });
  }

  @Override
  public void need(ServiceName service, Runnable arrived) {
    context.runOnContext(
        _ -> {
          if (!demand.used().contains(service)) {
            demand = demand.using(Set.of(service));
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
    for (ResourceType type : ResourceType.values()) {
      open.subscribe(type, demand.names(type), state.of(type));
    }
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
      status(false, pilot, Optional.of("waiting for the first answer"), status().version());
    }

    @Override
    public void response(DeltaDiscoveryResponse response) {
      AdsStream open = stream;
      if (open == null) {
        return;
      }
      DiscoveryReducer.Step step = DiscoveryReducer.reduce(state, response);
      notes.remember(response.getTypeUrl(), step);
      replace(step.state());
      open.acknowledge(response, step.refused());
      pilotAway = false;
      waiting.wake(MeshDiscovery.this::isKnown);
      if (!status().connected()) {
        LOG.log(System.Logger.Level.INFO, "connected to pilot " + status().pilot());
      }
      status(true, status().pilot(), Optional.empty(), response.getSystemVersionInfo());
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
      status(false, status().pilot(), Optional.of(reason), status().version());
    }
  }

  private void status(boolean connected, String pilot, Optional<String> failure, String version) {
    notes.update(connected, pilot, failure, version, state);
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
    return new LastGood(state, demand.used());
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
