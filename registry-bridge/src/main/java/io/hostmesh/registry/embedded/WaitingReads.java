package io.hostmesh.registry.embedded;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Blocking queries that wait for a change (Consul, "Blocking Queries"). The server's event loop
 * only.
 */
final class WaitingReads {
  private final Vertx vertx;
  private final RandomGenerator random;
  private final Set<Waiting> all = new LinkedHashSet<>();

  WaitingReads(Vertx vertx, RandomGenerator random) {
    this.vertx = vertx;
    this.random = random;
  }

  private static final class Waiting {
    final Query query;
    final long after;
    final Consumer<Store> answer;
    long timer;

    Waiting(Query query, long after, Consumer<Store> answer) {
      this.query = query;
      this.after = after;
      this.answer = answer;
    }
  }

  /**
   * Keeps a query until what it reads has changed, or its patience is over.
   *
   * @param store called at that moment to read from
   * @return withdraws it, when its client is gone
   */
  Runnable add(
      Query query,
      long after,
      Duration patience,
      java.util.function.Supplier<Store> store,
      Consumer<Store> answer) {
    Waiting waiting = new Waiting(query, after, answer);
    // Up to a sixteenth is added, so that many clients do not come back in step.
    long millis = Math.max(1, patience.toMillis());
    long jittered = millis + random.nextLong(millis / 16 + 1);
    waiting.timer = vertx.setTimer(jittered, _ -> finish(waiting, store.get()));
    all.add(waiting);
    return () -> withdraw(waiting);
  }

  /** Answers those whose part of the state has changed. */
  void wake(Store store) {
    for (Waiting waiting : new ArrayList<>(all)) {
      if (waiting.query.index().applyAsLong(store) > waiting.after) {
        finish(waiting, store);
      }
    }
  }

  /** Answers all, as the server ends. */
  void release(Store store) {
    new ArrayList<>(all).forEach(waiting -> finish(waiting, store));
  }

  int size() {
    return all.size();
  }

  private void finish(Waiting waiting, Store store) {
    if (withdraw(waiting)) {
      waiting.answer.accept(store);
    }
  }

  private boolean withdraw(Waiting waiting) {
    vertx.cancelTimer(waiting.timer);
    return all.remove(waiting);
  }
}
