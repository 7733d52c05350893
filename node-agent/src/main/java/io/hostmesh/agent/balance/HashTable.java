package io.hostmesh.agent.balance;

import java.util.function.IntPredicate;

/** Which of several instances a key belongs to. Immutable: made once for a list. */
interface HashTable {
  /** No instance is usable. */
  int NONE = -1;

  /**
   * The instance of a key; where it is not usable now, the one that is next for this key, so that
   * only the keys of those that are not usable move.
   *
   * @return its index, or {@link #NONE}
   */
  int at(long hash, IntPredicate usable);
}
