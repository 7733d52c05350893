package io.hostmesh.agent.balance;

import io.hostmesh.model.rules.Balance.RingSize;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A ring of points, as many for each instance as its weight says; a key belongs to the first point
 * at or after its hash (ketama; sizes as Envoy's ring hash).
 */
final class RingTable implements HashTable {
  /** Ascending. */
  private final long[] points;

  private final int[] owners;
  private final int instances;

  /**
   * @param names of the instances, each once
   * @param weights above 0, for each instance
   */
  RingTable(List<String> names, int[] weights, RingSize size) {
    this.instances = names.size();
    long sum = Arrays.stream(weights).asLongStream().sum();
    int least = Arrays.stream(weights).min().orElse(1);
    // So many that the lightest instance has a whole number of points and all together the minimum.
    double share = (double) least / Math.max(1, sum);
    double scale = Math.min(Math.ceil(share * size.min()) / share, size.max());
    int[] counts = new int[instances];
    int total = 0;
    double wanted = 0;
    for (int i = 0; i < instances; i++) {
      wanted += scale * weights[i] / sum;
      counts[i] = Math.max(0, (int) Math.round(wanted) - total);
      total += counts[i];
    }
    Point[] all = new Point[total];
    int next = 0;
    for (int i = 0; i < instances; i++) {
      long name = Hashing.of(names.get(i));
      for (int k = 0; k < counts[i]; k++) {
        all[next++] = new Point(Hashing.mix(name + 0x9e3779b97f4a7c15L * (k + 1)), i, names.get(i));
      }
    }
    Arrays.sort(all);
    this.points = new long[total];
    this.owners = new int[total];
    for (int i = 0; i < total; i++) {
      points[i] = all[i].at;
      owners[i] = all[i].owner;
    }
  }

  /** Two that fall together are ordered by name, so that all hosts agree. */
  private record Point(long at, int owner, String name) implements Comparable<Point> {
    @Override
    public int compareTo(Point other) {
      int byPlace = Long.compare(at, other.at);
      return byPlace != 0 ? byPlace : name.compareTo(other.name);
    }
  }

  @Override
  public int at(long hash, IntPredicate usable) {
    if (points.length == 0) {
      return NONE;
    }
    int found = Arrays.binarySearch(points, hash);
    int start = found >= 0 ? found : -found - 1;
    int owner = owners[start % points.length];
    return usable.test(owner) ? owner : further(start, usable);
  }

  private int further(int start, IntPredicate usable) {
    BitSet seen = new BitSet(instances);
    for (int i = 0; i < points.length && seen.cardinality() < instances; i++) {
      int owner = owners[(int) (((long) start + i) % points.length)];
      if (!seen.get(owner)) {
        if (usable.test(owner)) {
          return owner;
        }
        seen.set(owner);
      }
    }
    return NONE;
  }

  /** All points. */
  int size() {
    return points.length;
  }
}
