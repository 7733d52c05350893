package io.hostmesh.agent.life;

/**
 * How much of its heap an agent keeps free. A young generation that fits an idle agent is filled
 * many times a second under load, and requests under way are then taken for what lives long; one
 * that fits load would lie about unused in an idle agent. Pure.
 */
enum HeapRoom {
  /** Nothing much happens, and garbage was given back. */
  IDLE(10, 15),

  /** As little room as idle, but used: there is garbage to be given back later. */
  ACTIVE(10, 15),

  /** A young generation that requests under way fit in. */
  LOADED(80, 85);

  /** Young collections in one {@link MemoryKeeper#TICK_MILLIS}. */
  static final int QUIET = 1;

  static final int BUSY = 4;
  static final int MANY = 10;

  /** Ticks without much to do before load is taken to be over: it may come in bursts. */
  static final int PATIENCE = 12;

  private final int minFree;
  private final int maxFree;

  HeapRoom(int minFree, int maxFree) {
    this.minFree = minFree;
    this.maxFree = maxFree;
  }

  /** For {@code MinHeapFreeRatio}, in percent; the young generation is a part of what follows. */
  int minFree() {
    return minFree;
  }

  /** For {@code MaxHeapFreeRatio}, in percent. */
  int maxFree() {
    return maxFree;
  }

  /**
   * What to keep after a tick. Where to go up and where to come down lie apart, so that a steady
   * load does not make it go back and forth: each change but that to {@link #ACTIVE} costs a full
   * collection.
   *
   * @param collections those of the young generation in this tick
   * @param quiet ticks in a row with no more than {@link #QUIET} of them, this one included
   */
  HeapRoom after(long collections, int quiet) {
    if (collections >= MANY) {
      return LOADED;
    }
    if (quiet >= PATIENCE) {
      return IDLE;
    }
    return this == IDLE && collections >= BUSY ? ACTIVE : this;
  }
}
