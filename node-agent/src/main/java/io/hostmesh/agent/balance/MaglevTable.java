package io.hostmesh.agent.balance;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Maglev's lookup table (Eisenbud and others, "Maglev: A Fast and Reliable Software Network Load
 * Balancer", 2016, section 3.4): each instance takes places in the order of a permutation of its
 * own, in turns, by weight; few keys move when an instance comes or goes.
 */
final class MaglevTable implements HashTable {
  /** A prime, as the permutations need, and Envoy's default. */
  static final int SIZE = 65_537;

  private final int[] owners;

  /**
   * @param names of the instances, each once
   * @param weights above 0, for each instance
   */
  MaglevTable(List<String> names, int[] weights) {
    int count = names.size();
    this.owners = new int[count == 0 ? 0 : SIZE];
    int[] steps = new int[count];
    Arrays.fill(owners, NONE);
    if (count == 0) {
      return;
    }
    int[] next = new int[count];
    for (int i = 0; i < count; i++) {
      long hash = Hashing.of(names.get(i));
      next[i] = (int) Long.remainderUnsigned(hash, SIZE);
      steps[i] = (int) Long.remainderUnsigned(Hashing.mix(hash ^ 0x5bd1e995L), SIZE - 1) + 1;
    }
    // By name, so that the table does not depend on the order in which the catalog lists them.
    int[] order =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparing(names::get))
            .mapToInt(Integer::intValue)
            .toArray();
    double heaviest = Arrays.stream(weights).max().orElse(1);
    double[] due = new double[count];
    int taken = 0;
    for (int round = 1; taken < SIZE; round++) {
      for (int i : order) {
        if (taken == SIZE) {
          break;
        }
        // A lighter one is left out of some rounds.
        double turns = round * (weights[i] / heaviest);
        if (turns < due[i]) {
          continue;
        }
        due[i] += 1;
        while (owners[next[i]] != NONE) {
          next[i] = (next[i] + steps[i]) % SIZE;
        }
        owners[next[i]] = i;
        taken++;
      }
    }
  }

  @Override
  public int at(long hash, IntPredicate usable) {
    if (owners.length == 0) {
      return NONE;
    }
    int place = (int) Long.remainderUnsigned(hash, SIZE);
    int owner = owners[place];
    if (usable.test(owner)) {
      return owner;
    }
    // On through the table in steps of the key's own: each key of an unusable one moves by itself.
    int step = (int) Long.remainderUnsigned(Hashing.mix(hash), SIZE - 1) + 1;
    for (int i = 1; i < SIZE; i++) {
      place = (place + step) % SIZE;
      owner = owners[place];
      if (usable.test(owner)) {
        return owner;
      }
    }
    return NONE;
  }

  /** Who has a place of the table. */
  int owner(int place) {
    return owners[place];
  }
}
