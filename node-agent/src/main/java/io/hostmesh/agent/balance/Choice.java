package io.hostmesh.agent.balance;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;

/** How one of several candidates is chosen. */
public final class Choice {
  private Choice() {}

  /**
   * Least request by the power of two choices: of two candidates drawn at random, the one with
   * fewer requests under way (Envoy's least request policy with a choice count of 2).
   *
   * @param count 1 or more
   * @param load the requests under way of the candidate with this index
   */
  public static int leastRequest(int count, IntUnaryOperator load, RandomGenerator random) {
    if (count == 1) {
      return 0;
    }
    int first = random.nextInt(count);
    int second = random.nextInt(count - 1);
    if (second >= first) {
      second++; // Two different ones, each pair as likely as any other.
    }
    return load.applyAsInt(second) < load.applyAsInt(first) ? second : first;
  }

  /**
   * By lot, each as likely as its weight says.
   *
   * @param sums the weights, summed up to each; the last is above 0
   */
  static int weighted(long[] sums, RandomGenerator random) {
    long at = random.nextLong(sums[sums.length - 1]) + 1;
    int found = Arrays.binarySearch(sums, at);
    return found >= 0 ? found : -found - 1;
  }

  /**
   * @param count 1 or more
   * @param turn grows by one with each choice and may overflow
   */
  public static int roundRobin(int count, int turn) {
    return Math.floorMod(turn, count);
  }
}
