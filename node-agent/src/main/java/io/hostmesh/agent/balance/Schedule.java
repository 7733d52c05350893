package io.hostmesh.agent.balance;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The order of a weighted round robin: in one run through it each instance has as many turns as its
 * weight says, and after each turn every one's count is less than one turn from what is due to it.
 * Turns are the slots of a proportionally fair schedule: the j-th of an instance with the share s
 * lies in the slots from j / s to (j + 1) / s, and the earliest end first keeps to all of these
 * (Baruah et al., "Proportionate progress", 1996).
 */
final class Schedule {
  /** Weights whose sum is more are rounded to it, so that making one stays cheap. */
  private static final int LONGEST = 4096;

  private Schedule() {}

  /**
   * A turn of an instance.
   *
   * @param from the first slot that it may have
   * @param to the slot before which it must have been
   */
  private record Turn(int index, long number, long from, long to) {
    static Turn of(int index, long number, int turns, int length) {
      return new Turn(
          index,
          number,
          number * length / turns,
          Math.ceilDiv((number + 1) * length, (long) turns));
    }
  }

  /**
   * @param weights above 0
   * @return indices in their order
   */
  static int[] of(int[] weights) {
    int[] turns = turns(weights);
    int[] order = new int[Arrays.stream(turns).sum()];
    PriorityQueue<Turn> early =
        new PriorityQueue<>(Comparator.comparingLong(Turn::from).thenComparingInt(Turn::index));
    PriorityQueue<Turn> due =
        new PriorityQueue<>(Comparator.comparingLong(Turn::to).thenComparingInt(Turn::index));
    for (int i = 0; i < turns.length; i++) {
      due.add(Turn.of(i, 0, turns[i], order.length));
    }
    for (int slot = 0; slot < order.length; slot++) {
      while (!early.isEmpty() && early.peek().from <= slot) {
        due.add(early.remove());
      }
      Turn turn = due.remove();
      order[slot] = turn.index;
      early.add(Turn.of(turn.index, turn.number + 1, turns[turn.index], order.length));
    }
    return order;
  }

  private static int[] turns(int[] weights) {
    int divisor = Arrays.stream(weights).reduce(0, Schedule::gcd);
    long sum = Arrays.stream(weights).asLongStream().sum();
    int most = Math.max(LONGEST, weights.length);
    if (sum / divisor <= most) {
      return Arrays.stream(weights).map(weight -> weight / divisor).toArray();
    }
    return Arrays.stream(weights)
        .map(weight -> (int) Math.max(1, Math.round((double) weight * most / sum)))
        .toArray();
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
