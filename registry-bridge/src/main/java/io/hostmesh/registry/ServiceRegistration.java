package io.hostmesh.registry;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this host's services in the registry, and their checks' state. What it was told stands
 * until it is told otherwise: it is written anew whenever the registry lost it, and while the
 * registry is away it is tried again with a jittered, growing pause. Two ways, chosen by {@link
 * RegistrySettings#localAgent()} when the registry first answers:
 *
 * <ul>
 *   <li>with the host's own Consul agent: checks have a time to live of 10 s, and their state is
 *       repeated every 3 s, so that they turn critical when this process dies;
 *   <li>by catalog writes under the host's own node name: a session that lives 10 s unless it is
 *       renewed is the node's heartbeat, and {@link DeadNodeReaper} expires nodes without one.
 *       State is written only when it changes.
 * </ul>
 *
 * <p>Safe for any thread; no method blocks except {@link #close()}. Works on one virtual thread.
 */
public final class ServiceRegistration implements AutoCloseable {
  private final Connections connections;
  private final RegisteringNode node;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread thread;

  // Guarded by the lock.
  private final Map<String, LocalService> services = new HashMap<>();
  private final Map<String, CheckReport> reports = new HashMap<>();
  private final Map<String, LocalService> departing = new HashMap<>();
  private final Map<String, CompletableFuture<Void>> waiting = new HashMap<>();
  private final SortedMap<String, String> troubles = new TreeMap<>();
  private long revision;
  private boolean closed;

  ServiceRegistration(Connections connections, RegisteringNode node) {
    this.connections = connections;
    this.node = node;
    this.thread = connections.watch("registration", this::run, () -> locked(() -> closed = true));
  }

  /**
   * Registers a service, or changes the registration of the same id.
   *
   * @return completes when the registry has it; never exceptionally unless the service is replaced
   *     or deregistered before, or this is closed
   */
  public CompletableFuture<Void> register(LocalService service) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    locked(
        () -> {
          services.put(service.id(), service);
          departing.remove(service.id());
          supersede(service.id(), future);
        });
    return future;
  }

  /**
   * Takes a service out of the registry; of an adopted one, only the mesh's checks.
   *
   * @return as that of {@link #register}
   */
  public CompletableFuture<Void> deregister(String id) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    locked(
        () -> {
          LocalService service = services.remove(id);
          if (service == null) {
            future.complete(null);
            return;
          }
          service.checks().forEach(check -> reports.remove(service.checkId(check.id())));
          departing.put(id, service);
          supersede(id, future);
        });
    return future;
  }

  /** What a check of a registered service has found; ignored where there is no such service. */
  public void report(String id, String check, CheckReport report) {
    locked(
        () -> {
          LocalService service = services.get(id);
          if (service != null) {
            reports.put(service.checkId(check), report);
          }
        });
  }

  /**
   * What is not in the registry as it shall be, and why: by the id of the service, or by an empty
   * id where the registry itself is away. Empty when all is well.
   */
  public SortedMap<String, String> troubles() {
    lock.lock();
    try {
      return new TreeMap<>(troubles);
    } finally {
      lock.unlock();
    }
  }

  private void supersede(String id, CompletableFuture<Void> future) {
    CompletableFuture<Void> former = waiting.put(id, future);
    if (former != null) {
      former.cancel(false);
    }
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      revision++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    RegistrationWay way = null;
    int failures = 0;
    while (true) {
      long seen;
      DesiredServices desired;
      lock.lock();
      try {
        if (closed) {
          return;
        }
        seen = revision;
        desired = new DesiredServices(services, reports, departing);
      } finally {
        lock.unlock();
      }
      Duration rest = connections.timing().repeatEvery();
      try {
        way = way == null ? RegistrationWays.choose(connections, node) : way;
        done(desired, way.bringAbout(desired));
        failures = 0;
      } catch (RegistryException e) {
        failures++;
        rest = Connections.BACKOFF.delay(failures, connections.random());
        away(e);
        seen = Long.MAX_VALUE; // A change does not cut this pause short.
      }
      await(seen, rest);
    }
  }

  private void done(DesiredServices desired, Map<String, String> refused) {
    List<CompletableFuture<Void>> finished = new ArrayList<>();
    lock.lock();
    try {
      troubles.clear();
      troubles.putAll(refused);
      desired.departing().forEach(departing::remove);
      desired
          .services()
          .forEach(
              (id, service) -> finish(id, service.equals(services.get(id)), refused, finished));
      desired
          .departing()
          .keySet()
          .forEach(id -> finish(id, !services.containsKey(id), refused, finished));
    } finally {
      lock.unlock();
    }
    finished.forEach(future -> future.complete(null));
  }

  private void finish(
      String id,
      boolean current,
      Map<String, String> refused,
      List<CompletableFuture<Void>> finished) {
    @Nullable CompletableFuture<Void> future = waiting.get(id);
    if (future != null && current && !refused.containsKey(id)) {
      waiting.remove(id);
      finished.add(future);
    }
  }

  private void away(RegistryException failure) {
    lock.lock();
    try {
      troubles.put("", String.valueOf(failure.getMessage()));
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something has changed since, or the time is up. */
  private void await(long seen, Duration time) {
    lock.lock();
    try {
      long rest = time.toNanos();
      while (!closed && rest > 0 && (revision == seen || seen == Long.MAX_VALUE)) {
        rest = changed.awaitNanos(rest);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Only closing interrupts.
    } finally {
      lock.unlock();
    }
  }

  /**
   * Stops; what is registered stays, so that a successor takes it over. Without a successor the
   * checks or the node turn critical by themselves.
   */
  @Override
  public void close() {
    locked(() -> closed = true);
    Connections.end(thread);
    lock.lock();
    try {
      waiting.values().forEach(future -> future.cancel(false));
      waiting.clear();
    } finally {
      lock.unlock();
    }
  }
}
