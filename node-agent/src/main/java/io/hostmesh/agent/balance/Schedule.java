package io.hostmesh.agent.balance;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The order of a weighted round robin: in one run through it each instance has as many turns as its
 * weight says, and an instance's turns lie apart (earliest deadline first).
 */
final class Schedule {
  /** Weights whose sum is more are rounded to it, so that making one stays cheap. */
  private static final int LONGEST = 4096;

  private Schedule() {}

  private record Due(double at, int index) {}

  /**
   * @param weights above 0
   * @return indices in their order
   */
  static int[] of(int[] weights) {
    int[] turns = turns(weights);
    int[] order = new int[Arrays.stream(turns).sum()];
    PriorityQueue<Due> queue =
        new PriorityQueue<>(Comparator.comparingDouble(Due::at).thenComparingInt(Due::index));
    for (int i = 0; i < turns.length; i++) {
      queue.add(new Due(0.5 / turns[i], i));
    }
    for (int k = 0; k < order.length; k++) {
      Due due = queue.remove();
      order[k] = due.index;
      queue.add(new Due(due.at + 1.0 / turns[due.index], due.index));
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
