package io.hostmesh.agent.local;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The instances that are checked and listed in the registry now. Used on one context; {@link
 * #health}, {@link #troubles} and {@link #wasListed} are for any thread.
 */
final class CheckedInstances implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CheckedInstances.class.getName());

  private final Vertx vertx;
  private final Context context;
  private final DefinitionMemory memory;
  private final Owners owners;
  private final Prober prober;
  private final List<Runnable> healthListeners = new CopyOnWriteArrayList<>();
  private final Map<ServiceDefinition.Listener, Health> health = new ConcurrentHashMap<>();
  private final Map<ServiceDefinition, InstanceChecks> running = new HashMap<>();
  private volatile @Nullable Registrar registrar;
  private volatile boolean listed;
  private boolean closed;

  /**
   * @param memory remembers that an instance was listed
   * @param owners judges who answers the checks
   */
  CheckedInstances(Vertx vertx, Context context, DefinitionMemory memory, Owners owners) {
    this.vertx = vertx;
    this.context = context;
    this.memory = memory;
    this.owners = owners;
    this.prober = new Prober(vertx);
    this.listed = memory.wasListed();
  }

  /**
   * Begins to list; until then nothing is checked.
   *
   * @param departed what may still be listed though it is declared no more
   */
  void start(Registrar into, List<ServiceDefinition> departed) {
    registrar = into;
    for (ServiceDefinition old : departed) {
      old.listener()
          .ifPresent(
              instance -> {
                var _ = into.register(old, instance);
                into.deregister(old, instance);
              });
    }
  }

  /** What an instance's checks say; unknown where it is not checked here. */
  Health health(ServiceDefinition.Listener instance) {
    return health.getOrDefault(instance, Health.UNKNOWN);
  }

  /** Called on the registrar's thread, which may block. */
  private void noteListed() {
    if (!listed) {
      listed = true;
      memory.listed();
    }
  }

  /** Whether the registry has listed an instance of this host, now or in an earlier life. */
  boolean wasListed() {
    return listed;
  }

  /** Problems with the registry, one line each. */
  List<String> troubles() {
    Registrar into = registrar;
    return into == null
        ? List.of()
        : into.troubles().entrySet().stream()
            .map(
                trouble ->
                    "registry: "
                        + (trouble.getKey().isEmpty() ? "" : trouble.getKey() + ": ")
                        + trouble.getValue())
            .toList();
  }

  /** Adds a listener that hears of each change of an instance's health, on the context. */
  void onHealth(Runnable listener) {
    healthListeners.add(listener);
  }

  /** Makes what runs what is declared. */
  void align(List<ServiceDefinition> declared) {
    Registrar into = registrar;
    if (closed || into == null) {
      return;
    }
    for (ServiceDefinition old : List.copyOf(running.keySet())) {
      if (!declared.contains(old)) {
        stop(old, into, declared.stream().noneMatch(now -> ConsulRegistrar.isSame(now, old)));
      }
    }
    for (ServiceDefinition definition : declared) {
      if (definition.listener().isPresent() && !running.containsKey(definition)) {
        begin(definition, definition.listener().get(), into);
      }
    }
  }

  private void stop(ServiceDefinition old, Registrar into, boolean gone) {
    Optional.ofNullable(running.remove(old)).ifPresent(InstanceChecks::close);
    old.listener()
        .ifPresent(
            instance -> {
              health.remove(instance);
              if (gone) {
                LOG.log(System.Logger.Level.INFO, "service " + old.name() + " is no more declared");
                into.deregister(old, instance);
              }
            });
  }

  private void begin(
      ServiceDefinition definition, ServiceDefinition.Listener instance, Registrar into) {
    String label = "service " + definition.name() + ", instance " + instance.instance();
    LOG.log(System.Logger.Level.INFO, label + " at port " + instance.port());
    var _ = into.register(definition, instance).thenRun(this::noteListed);
    InstanceChecks[] checks = new InstanceChecks[1];
    checks[0] =
        new InstanceChecks(
            vertx,
            context,
            instance,
            (kind, application, timeout) ->
                prober.probe(
                    kind,
                    application,
                    timeout,
                    (local, remote) ->
                        owners.refusal(definition.name(), instance.instance(), local, remote)),
            (index, now) -> {
              into.report(definition, instance, index, now.well(), now.output());
              Health before = health(instance);
              Health after = checks[0].health();
              health.put(instance, after);
              if (before.well() != after.well()) {
                LOG.log(System.Logger.Level.INFO, label + ": " + after.output());
                healthListeners.forEach(Runnable::run);
              }
            });
    running.put(definition, checks[0]);
    checks[0].start();
  }

  /** Ends checks and reports; what is listed stays listed. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    running.values().forEach(InstanceChecks::close);
    running.clear();
    Registrar into = registrar;
    if (into != null) {
      // It waits for the call under way.
      Thread.ofVirtual().start(into::close);
    }
    prober.close();
  }
}
