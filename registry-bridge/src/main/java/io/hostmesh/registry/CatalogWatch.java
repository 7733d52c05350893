package io.hostmesh.registry;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kiwiproject.consul.model.State;
import org.kiwiproject.consul.model.health.ServiceHealth;
import org.kiwiproject.consul.option.ImmutableQueryOptions;
import org.kiwiproject.consul.option.QueryOptions;

/**
 * Follows the whole catalog with two blocking queries, however many services there are: the list of
 * services ({@code /v1/catalog/services}) wakes when an instance comes, goes or changes, the checks
 * ({@code /v1/health/state/any}) wake when one's health does. What changed is read anew from {@code
 * /v1/health/service/:name}, at most {@value #READS} at a time: just the services whose checks
 * changed or that are new, or all after a change of the list, which does not say whose. Such sweeps
 * take at most a fifth of the time, so that a busy catalog is not read without end.
 *
 * <p>Three virtual threads: one a query, and one that reads and calls the listener.
 */
final class CatalogWatch implements Watch {
  private static final int READS = 4;
  private static final int REST_AFTER_SWEEP = 4;

  /** Neither sidecars nor gateways of Consul's own mesh: their kind is not empty. */
  private static final QueryOptions PLAIN_SERVICES =
      ImmutableQueryOptions.builder().filter("Service.Kind == \"\"").build();

  private final Connections connections;
  private final WatchListener<Catalog> listener;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();

  // Guarded by the lock.
  private final CatalogState state = new CatalogState();
  private final Map<String, RegistryException> failing = new HashMap<>();
  private boolean closed;

  // The reader's own.
  private @Nullable Catalog last;
  private @Nullable RegistryException told;
  private int failures;
  private long sweepNotBefore = System.nanoTime();

  private final Thread reader;
  private final List<Watch> queries;

  CatalogWatch(Connections connections, WatchListener<Catalog> listener) {
    this.connections = connections;
    this.listener = listener;
    this.reader = connections.watch("catalog", this::run, () -> locked(() -> closed = true));
    this.queries =
        List.of(
            new BlockingQuery<>(
                connections,
                "services",
                options -> connections.watches().catalogClient().getServices(options),
                new Feed<Map<String, List<String>>>(
                    "services", services -> state.named(services.keySet()))),
            new BlockingQuery<>(
                connections,
                "checks",
                options ->
                    connections.watches().healthClient().getChecksByState(State.ANY, options),
                new Feed<List<org.kiwiproject.consul.model.health.HealthCheck>>(
                    "checks", checks -> state.checked(CatalogChanges.seen(checks)))));
  }

  /** Puts a query's answers into the state, and wakes the reader. */
  private final class Feed<T> implements WatchListener<T> {
    private final String name;
    private final Consumer<T> target;

    Feed(String name, Consumer<T> target) {
      this.name = name;
      this.target = target;
    }

    @Override
    public void changed(T answer) {
      locked(() -> target.accept(answer));
    }

    @Override
    public void failing(RegistryException failure, int count) {
      locked(() -> failing.put(name, failure));
    }

    @Override
    public void recovered() {
      locked(() -> failing.remove(name));
    }
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      while (true) {
        Set<String> taken = awaitStale();
        if (isClosed()) {
          return;
        }
        boolean read = readAll(taken);
        tell();
        if (!read) {
          pause(Connections.BACKOFF.delay(failures, connections.random()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Closed; the thread ends.
    }
  }

  /** Waits until there is something to read or to tell; empty where only to tell. */
  private Set<String> awaitStale() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed) {
        long rest = sweepNotBefore - System.nanoTime();
        if (state.isSweepWanted() && rest <= 0) {
          state.startSweep();
        }
        if (state.isStale() || untold()) {
          return state.takeStale();
        }
        if (state.isSweepWanted()) {
          news.awaitNanos(rest);
        } else {
          news.await();
        }
      }
      return Set.of();
    } finally {
      lock.unlock();
    }
  }

  private boolean untold() {
    return failing.values().stream().findFirst().orElse(null) != told
        || (state.isComplete() && (state.isChanged() || last == null));
  }

  private boolean readAll(Set<String> taken) {
    long started = System.nanoTime();
    List<String> names = new ArrayList<>(taken);
    try {
      for (int from = 0; from < names.size(); from += READS) {
        readSome(names.subList(from, Math.min(from + READS, names.size())));
      }
      locked(() -> failing.remove("reads"));
      failures = 0;
      return true;
    } catch (RegistryException e) {
      failures++;
      locked(
          () -> {
            failing.put("reads", e);
            state.unread(taken);
          });
      return false;
    } finally {
      if (taken.size() > READS) {
        sweepNotBefore = System.nanoTime() + REST_AFTER_SWEEP * (System.nanoTime() - started);
      }
    }
  }

  private void readSome(List<String> names) {
    Map<String, CompletableFuture<List<ServiceHealth>>> reads = new HashMap<>();
    long begun = timesChecked();
    for (String name : names) {
      reads.put(
          name,
          connections.call(
              () ->
                  connections
                      .calls()
                      .healthClient()
                      .getAllServiceInstances(name, PLAIN_SERVICES)
                      .getResponse()));
    }
    reads.forEach(
        (name, read) -> {
          List<ServiceHealth> instances = joined(read);
          locked(() -> state.read(name, instances, begun));
        });
  }

  private long timesChecked() {
    lock.lock();
    try {
      return state.timesChecked();
    } finally {
      lock.unlock();
    }
  }

  private static <T> T joined(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RegistryException failure) {
        throw failure;
      }
      throw e;
    }
  }

  private void tell() {
    @Nullable Catalog catalog;
    @Nullable RegistryException failure;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      failure = failing.values().stream().findFirst().orElse(null);
      catalog = state.isComplete() ? state.catalog() : null;
    } finally {
      lock.unlock();
    }
    if (failure != told) {
      told = failure;
      if (failure == null) {
        Connections.tell(listener::recovered);
      } else {
        Connections.tell(() -> listener.failing(failure, Math.max(failures, 1)));
      }
    }
    if (catalog != null && !catalog.equals(last)) {
      last = catalog;
      Connections.tell(() -> listener.changed(catalog));
    }
  }

  private void pause(Duration duration) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long rest = duration.toNanos();
      while (!closed && rest > 0) {
        rest = news.awaitNanos(rest);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the watch; waits for a listener that is being called on another thread. */
  @Override
  public void close() {
    locked(() -> closed = true);
    queries.forEach(Watch::close);
    Connections.end(reader);
  }
}
