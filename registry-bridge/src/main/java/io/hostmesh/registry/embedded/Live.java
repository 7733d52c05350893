package io.hostmesh.registry.embedded;

import java.time.Clock;
import java.time.Instant;
import java.util.function.UnaryOperator;

/**
 * The current state, and what follows from a change of it. One thread only: the server's event
 * loop.
 */
final class Live {
  private final Clock clock;
  private final Deadlines deadlines = new Deadlines();
  private Store store;
  private Runnable changed = () -> {};

  Live(Store store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Who is told of each change, after it. */
  void onChange(Runnable listener) {
    changed = listener;
  }

  Store store() {
    return store;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  Instant now() {
    return clock.instant();
  }

  void change(UnaryOperator<Store> change) {
    become(change.apply(store));
  }

  /** Takes a new state, ends the sessions that cannot outlive it, and tells. */
  void become(Store next) {
    Store settled = next;
    for (String broken : next.brokenSessions()) {
      settled = deadlines.end(settled, broken, now());
    }
    if (settled.index() != store.index()) {
      store = settled;
      changed.run();
    }
  }

  /** Ends what is due. */
  void tick() {
    become(deadlines.expire(store, now()));
  }
}
