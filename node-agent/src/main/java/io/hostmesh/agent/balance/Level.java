package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.rules.Balance.SlowStart;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Instances that are as good as each other, but for their weights and health. Any thread. */
final class Level {
  /** How long weights that grow hold: a hundredth of the shortest useful window. */
  private static final long GROWN_NANOS = 100_000_000;

  private final List<Entry> listed;
  private final Plan plan;
  private final HashTables tables;
  private final AtomicInteger turn;
  private volatile @Nullable HashTable table;

  /**
   * @param tables of the list that these are of
   * @param firstTurn where a round robin begins
   */
  Level(List<Entry> listed, Plan plan, HashTables tables, int firstTurn) {
    this.listed = List.copyOf(listed);
    this.plan = plan;
    this.tables = tables;
    this.turn = new AtomicInteger(firstTurn);
  }

  List<Entry> listed() {
    return listed;
  }

  Plan plan() {
    return plan;
  }

  int nextTurn() {
    return turn.getAndIncrement();
  }

  /** Those that pass their checks. */
  BitSet passing() {
    return where(Entry::passes);
  }

  /** Those that pass their checks and are not ejected. */
  BitSet healthy(long nowNanos) {
    return where(entry -> entry.passes() && !entry.ejected(nowNanos));
  }

  /** Whether one of those was not tried. */
  boolean hasWell(Set<Endpoint> tried, long nowNanos) {
    for (int i = 0; i < listed.size(); i++) {
      Entry entry = listed.get(i);
      if (entry.passes()
          && !entry.ejected(nowNanos)
          && !tried.contains(entry.candidate().endpoint())) {
        return true;
      }
    }
    return false;
  }

  private BitSet where(java.util.function.Predicate<Entry> holds) {
    BitSet set = new BitSet(listed.size());
    for (int i = 0; i < listed.size(); i++) {
      set.set(i, holds.test(listed.get(i)));
    }
    return set;
  }

  /**
   * What is drawn from.
   *
   * @param before the one before, which is taken over where nothing changed
   */
  Usable usable(BitSet used, long nowNanos, @Nullable Usable before) {
    if (before != null
        && before.isOf(used)
        && (!before.grows() || nowNanos - before.atNanos() < GROWN_NANOS)) {
      return before;
    }
    return make(used, nowNanos, false);
  }

  /** What is drawn from once, when some have been tried. */
  Usable once(BitSet used, long nowNanos) {
    return make(used, nowNanos, true);
  }

  private Usable make(BitSet used, long nowNanos, boolean once) {
    int[] indices = used.stream().toArray();
    SlowStart slow = plan.slowStart().orElse(null);
    boolean grows = false;
    int[] weights = new int[indices.length];
    for (int i = 0; i < indices.length; i++) {
      Entry entry = listed.get(indices[i]);
      double part = slow == null ? 1 : slow.part(nowNanos - entry.sinceNanos());
      grows |= part < 1;
      weights[i] =
          slow == null
              ? entry.weight()
              : (int) Math.max(1, Math.round(entry.weight() * 100 * part));
    }
    return new Usable(this, used, weights, nowNanos, grows, once);
  }

  /**
   * The table of all that are listed, so that a key goes back to its instance when that is healthy
   * again.
   */
  HashTable table() {
    HashTable found = table;
    if (found == null) {
      found = tables.of(plan.hashed(), listed);
      table = found;
    }
    return found;
  }

  /** Whether all have the same weight. */
  static boolean uniform(int[] weights) {
    return Arrays.stream(weights).allMatch(weight -> weight == weights[0]);
  }
}
