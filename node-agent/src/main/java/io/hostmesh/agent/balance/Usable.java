package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.rules.BalancePolicy;
import java.util.BitSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The instances of a level that are drawn from at the moment, with their weights. Immutable. */
final class Usable {
  private final Level level;
  private final BitSet used;
  private final Candidate[] candidates;
  private final int[] weights;
  private final boolean uniform;

  /** The sums of the weights up to each. */
  private final long[] sums;

  private final int[] schedule;
  private final long atNanos;
  private final boolean grows;

  /**
   * @param used indices of the level's list
   * @param weights in their order
   * @param grows whether weights of these change by time
   * @param once whether it is for one draw, for which turns would be made in vain
   */
  Usable(Level level, BitSet used, int[] weights, long atNanos, boolean grows, boolean once) {
    this.level = level;
    this.used = used;
    this.weights = weights;
    this.atNanos = atNanos;
    this.grows = grows;
    this.candidates =
        used.stream().mapToObj(i -> level.listed().get(i).candidate()).toArray(Candidate[]::new);
    this.uniform = weights.length == 0 || Level.uniform(weights);
    boolean inTurns = !uniform && !once && level.plan().policy() == BalancePolicy.ROUND_ROBIN;
    this.schedule = inTurns ? Schedule.of(weights) : new int[0];
    this.sums = new long[weights.length];
    long sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i];
      sums[i] = sum;
    }
  }

  boolean isOf(BitSet indices) {
    return used.equals(indices);
  }

  boolean isEmpty() {
    return candidates.length == 0;
  }

  boolean grows() {
    return grows;
  }

  long atNanos() {
    return atNanos;
  }

  int count() {
    return candidates.length;
  }

  /** The same without some. */
  Usable without(Set<Endpoint> tried, long nowNanos) {
    BitSet left = (BitSet) used.clone();
    for (int i = used.nextSetBit(0); i >= 0; i = used.nextSetBit(i + 1)) {
      if (tried.contains(level.listed().get(i).candidate().endpoint())) {
        left.clear(i);
      }
    }
    return left.equals(used) ? this : level.once(left, nowNanos);
  }

  /**
   * Draws one; not to be called where there is none.
   *
   * @param key what a hashing policy hashes; null where the request has no such part
   */
  Candidate draw(@Nullable String key, RandomGenerator random, long nowNanos) {
    return switch (level.plan().policy()) {
      case LEAST_REQUEST -> candidates[leastRequest(random)];
      case PEAK_EWMA -> candidates[soonest(random, nowNanos)];
      case RANDOM -> candidates[any(random)];
      case ROUND_ROBIN -> candidates[inTurn(random)];
      case RING_HASH, MAGLEV -> {
        int index = key == null ? HashTable.NONE : level.table().at(Hashing.of(key), used::get);
        yield index == HashTable.NONE
            ? candidates[leastRequest(random)]
            : level.listed().get(index).candidate();
      }
    };
  }

  private int inTurn(RandomGenerator random) {
    if (uniform) {
      return Choice.roundRobin(candidates.length, level.nextTurn());
    }
    return schedule.length == 0
        ? any(random)
        : schedule[Choice.roundRobin(schedule.length, level.nextTurn())];
  }

  private int any(RandomGenerator random) {
    return uniform ? random.nextInt(candidates.length) : Choice.weighted(sums, random);
  }

  private int leastRequest(RandomGenerator random) {
    if (uniform) {
      return Choice.leastRequest(candidates.length, i -> candidates[i].member().load(), random);
    }
    int first = any(random);
    int second = another(first, random);
    return queue(second, 1) <= queue(first, -0.5) ? second : first;
  }

  private int soonest(RandomGenerator random, long nowNanos) {
    int first = any(random);
    int second = another(first, random);
    if (uniform) {
      return cost(second, candidates[second].member().load(), nowNanos)
              < cost(first, candidates[first].member().load(), nowNanos)
          ? second
          : first;
    }
    return cost(second, queue(second, 1), nowNanos) <= cost(first, queue(first, -0.5), nowNanos)
        ? second
        : first;
  }

  private double cost(int index, double queue, long nowNanos) {
    return candidates[index].member().cost(queue, nowNanos);
  }

  /**
   * The requests under way, relative to the weight; 1 is what is due to an instance of average
   * weight. The draw knows the weights already, which must not count twice: another instance is
   * preferred only where it would be no fuller with the request than the drawn one is without it,
   * and half a request clear of that, since a light one is as often a little too full as too empty.
   *
   * @param more requests than there are
   */
  private double queue(int index, double more) {
    double mean = (double) sums[sums.length - 1] / weights.length;
    return (candidates[index].member().load() + more) * mean / weights[index];
  }

  /** Another one than the first, by weight as well, as long as one of them does not have it all. */
  private int another(int first, RandomGenerator random) {
    int count = candidates.length;
    if (count == 1) {
      return first;
    }
    for (int i = 0; !uniform && i < 4; i++) {
      int second = any(random);
      if (second != first) {
        return second;
      }
    }
    int second = random.nextInt(count - 1);
    return second >= first ? second + 1 : second;
  }
}
