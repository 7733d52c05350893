package io.hostmesh.agent.local;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.UserError;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The services of this host: read from their folder now and whenever it changes, checked, and
 * listed in the registry. {@link #definitions}, {@link #health} and {@link #troubles} are for any
 * thread.
 */
public final class LocalInstances implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LocalInstances.class.getName());

  private final Vertx vertx;
  private final Context context;
  private final DefinitionFolder folder;
  private final DefinitionMemory memory;
  private final Map<Integer, String> reserved;
  private final Prober prober;
  private final Owners owners;
  private final List<Consumer<Definitions>> listeners = new CopyOnWriteArrayList<>();
  private final List<Runnable> healthListeners = new CopyOnWriteArrayList<>();
  private final Map<ServiceDefinition.Listener, Health> health = new ConcurrentHashMap<>();
  private final ReentrantLock reading = new ReentrantLock();
  private volatile Definitions definitions;
  private volatile boolean listed;

  // Below: on the context only.
  private final Map<ServiceDefinition, InstanceChecks> running = new HashMap<>();
  private @Nullable Registrar registrar;
  private @Nullable FolderWatch watch;
  private List<ServiceDefinition> departed = List.of();
  private boolean closed;

  private LocalInstances(
      Vertx vertx,
      Path folder,
      DefinitionMemory memory,
      Map<Integer, String> reserved,
      Owners owners) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.folder = new DefinitionFolder(folder);
    this.memory = memory;
    this.reserved = Map.copyOf(reserved);
    this.owners = owners;
    this.prober = new Prober(vertx);
    this.definitions = memory.load();
    this.listed = memory.wasListed();
  }

  /**
   * Reads the folder. Blocking.
   *
   * @param reserved ports of the agent itself, by what they are
   * @param owners judges who answers the checks
   * @throws UserError where a file cannot be used and there is no last good content of it
   */
  public static LocalInstances read(
      Vertx vertx,
      Path folder,
      DefinitionMemory memory,
      Map<Integer, String> reserved,
      Owners owners) {
    LocalInstances instances = new LocalInstances(vertx, folder, memory, reserved, owners);
    Definitions before = instances.definitions;
    Definitions now = Definitions.judge(instances.folder.read(), before, reserved);
    refuseNewcomers(now);
    instances.definitions = now;
    instances.departed = departed(before, now);
    memory.save(now);
    return instances;
  }

  /** What a folder declares, judged as by a start without any past. */
  public static Definitions declared(Path folder, Map<Integer, String> reserved) {
    return Definitions.judge(new DefinitionFolder(folder).read(), Definitions.NONE, reserved);
  }

  /**
   * Judges a folder.
   *
   * @throws UserError with the first file's problem
   */
  public static void check(Path folder, Map<Integer, String> reserved) {
    refuseNewcomers(declared(folder, reserved));
  }

  /** A problem of a file with a last good content is one to go on with; of any other it is not. */
  private static void refuseNewcomers(Definitions now) {
    now.problems().stream()
        .filter(problem -> !problem.endsWith(Definitions.STAYS))
        .findFirst()
        .ifPresent(
            problem -> {
              throw new UserError(problem);
            });
  }

  private static List<ServiceDefinition> departed(Definitions before, Definitions now) {
    List<ServiceDefinition> departed = new ArrayList<>();
    before
        .texts()
        .forEach(
            (file, text) -> {
              try {
                departed.add(ServiceDefinition.parse(file, text));
              } catch (HoconException e) {
                LOG.log(System.Logger.Level.DEBUG, "forgotten: " + e.getMessage());
              }
            });
    departed.removeIf(old -> now.services().stream().anyMatch(s -> sameInstance(s, old)));
    return List.copyOf(departed);
  }

  private static boolean sameInstance(ServiceDefinition a, ServiceDefinition b) {
    return (a.listener().isEmpty() || b.listener().isEmpty())
        ? a.name().equals(b.name()) && a.listener().isEmpty() && b.listener().isEmpty()
        : ConsulRegistrar.id(a, a.listener().get())
            .equals(ConsulRegistrar.id(b, b.listener().get()));
  }

  /** Begins to check, to list and to watch the folder. */
  public void start(Registrar into) {
    context.runOnContext(
        _ -> {
          registrar = into;
          for (ServiceDefinition old : departed) {
            old.listener()
                .ifPresent(
                    instance -> {
                      var _ = into.register(old, instance);
                      into.deregister(old, instance);
                    });
          }
          align();
          watchFolder();
        });
  }

  private void watchFolder() {
    try {
      watch = FolderWatch.of(folder.folder(), this::reload);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cannot watch "
              + folder.folder()
              + ": changes hold after a reload only ("
              + e.getMessage()
              + "; see fs.inotify.max_user_instances)");
    }
  }

  public Definitions definitions() {
    return definitions;
  }

  /** What an instance's checks say; unknown where it is not checked here. */
  public Health health(ServiceDefinition.Listener instance) {
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
  public boolean wasListed() {
    return listed;
  }

  /** Problems with the registry, one line each. */
  public List<String> troubles() {
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

  /** Adds a listener that hears of each change of the definitions, on the context. */
  public void onChange(Consumer<Definitions> listener) {
    listeners.add(listener);
  }

  /** Adds a listener that hears of each change of an instance's health, on the context. */
  public void onHealth(Runnable listener) {
    healthListeners.add(listener);
  }

  /**
   * Reads the folder again. Blocking; not for event loops.
   *
   * @return what is in force now, with the problems of files that are refused
   */
  public Definitions reload() {
    reading.lock();
    try {
      Definitions before = definitions;
      Definitions now;
      try {
        now = Definitions.judge(folder.read(), before, reserved);
      } catch (UserError e) {
        now =
            new Definitions(
                before.texts(), before.services(), List.of(String.valueOf(e.getMessage())));
      }
      for (String problem : now.problems()) {
        if (!before.problems().contains(problem)) {
          LOG.log(System.Logger.Level.WARNING, problem);
        }
      }
      definitions = now;
      if (!now.texts().equals(before.texts())) {
        memory.save(now);
      }
      aligned(now);
      return now;
    } finally {
      reading.unlock();
    }
  }

  private void aligned(Definitions now) {
    Promise<Definitions> done = Promise.promise();
    context.runOnContext(
        _ -> {
          align();
          listeners.forEach(listener -> listener.accept(now));
          done.complete(now);
        });
    done.future().toCompletionStage().toCompletableFuture().join();
  }

  /** Makes what runs what is declared. */
  private void align() {
    Registrar into = registrar;
    if (closed || into == null) {
      return;
    }
    List<ServiceDefinition> declared = definitions.services();
    for (ServiceDefinition old : List.copyOf(running.keySet())) {
      if (!declared.contains(old)) {
        stop(old, into, declared.stream().noneMatch(now -> sameInstance(now, old)));
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
    LOG.log(
        System.Logger.Level.INFO,
        "service "
            + definition.name()
            + ", instance "
            + instance.instance()
            + " at port "
            + instance.port());
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
                LOG.log(
                    System.Logger.Level.INFO,
                    "service "
                        + definition.name()
                        + ", instance "
                        + instance.instance()
                        + ": "
                        + after.output());
                healthListeners.forEach(Runnable::run);
              }
            });
    running.put(definition, checks[0]);
    checks[0].start();
  }

  /** Ends checks and reports; what is listed stays listed. */
  @Override
  public void close() {
    context.runOnContext(
        _ -> {
          if (closed) {
            return;
          }
          closed = true;
          running.values().forEach(InstanceChecks::close);
          running.clear();
          try {
            if (watch != null) {
              watch.close();
            }
            if (registrar != null) {
              // It waits for the call under way.
              Thread.ofVirtual().start(registrar::close);
            }
            prober.close();
          } catch (Exception e) {
            LOG.log(System.Logger.Level.DEBUG, "closing", e);
          }
        });
  }
}
