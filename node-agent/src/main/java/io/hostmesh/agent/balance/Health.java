package io.hostmesh.agent.balance;

import io.hostmesh.model.rules.Share;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * How requests are shared among levels by how healthy these are, as Envoy shares them among
 * priorities: a level takes as much as its healthy instances can carry, each 1.4 times its share of
 * the level (the overprovisioning factor), and the next one the rest; the share that spills over
 * goes on to the next in any case. Where all together cannot carry it, levels below the panic
 * threshold are used as a whole.
 *
 * @param sums the shares, summed up to each level
 */
record Health(List<Double> sums, List<Use> uses) {
  static final double OVERPROVISIONING = 1.4;

  /** Which instances of a level are used. */
  enum Use {
    /** Those that pass their checks and are not ejected. */
    HEALTHY,
    /** Ejected ones, too: there are no others. */
    PASSING,
    /** Panic: all, also those that fail their checks. */
    ALL
  }

  Health {
    sums = List.copyOf(sums);
    uses = List.copyOf(uses);
  }

  Use use(int level) {
    return uses.get(level);
  }

  /**
   * @param levels at least one
   * @param healthy of each level
   */
  static Health of(List<Level> levels, List<BitSet> healthy) {
    Optional<Share> threshold = levels.getFirst().plan().panicThreshold();
    int[] listed = levels.stream().mapToInt(level -> level.listed().size()).toArray();
    int[] well = healthy.stream().mapToInt(BitSet::cardinality).toArray();
    double[] carried = carried(listed, well);
    double total = Arrays.stream(carried).sum();
    boolean noneWell = Arrays.stream(well).allMatch(count -> count == 0);
    List<Use> uses = new ArrayList<>();
    for (int i = 0; i < listed.length; i++) {
      boolean panics =
          threshold.isPresent()
              && total < 1
              && listed[i] > 0
              && (double) well[i] / listed[i] < threshold.get().fraction();
      uses.add(panics ? Use.ALL : noneWell ? Use.PASSING : Use.HEALTHY);
    }
    double[] parts = new double[listed.length];
    for (int i = 0; i < listed.length; i++) {
      parts[i] =
          switch (uses.get(i)) {
            // In panic nobody knows who is well: instances count, wherever they are.
            case ALL -> listed[i];
            case PASSING -> levels.get(i).passing().isEmpty() ? 0 : 1;
            case HEALTHY -> uses.contains(Use.ALL) ? well[i] : carried[i];
          };
    }
    boolean inOrder = !uses.contains(Use.ALL);
    return new Health(inOrder ? inOrder(parts, spillOver(levels)) : inProportion(parts), uses);
  }

  /**
   * The first level gets what it can carry, but for what spills over, and the next one what it can
   * carry of the rest. Where levels behind cannot carry what spills over, it stays.
   */
  static List<Double> inOrder(double[] carried, double spillOver) {
    if (Arrays.stream(carried).sum() < 1) {
      return inProportion(carried);
    }
    int last = carried.length - 1;
    while (carried[last] == 0) {
      last--;
    }
    double[] taken = new double[carried.length];
    double rest = 1;
    for (int i = 0; i <= last; i++) {
      taken[i] = Math.min(carried[i], i == last ? rest : rest * (1 - spillOver));
      rest -= taken[i];
    }
    for (int i = 0; rest > 0 && i <= last; i++) {
      double more = Math.min(carried[i] - taken[i], rest);
      taken[i] += more;
      rest -= more;
    }
    return inProportion(taken);
  }

  private static List<Double> inProportion(double[] parts) {
    double total = Arrays.stream(parts).sum();
    List<Double> sums = new ArrayList<>();
    double given = 0;
    for (double part : parts) {
      given += part;
      sums.add(total == 0 ? 0 : given / total);
    }
    return sums;
  }

  private static double spillOver(List<Level> levels) {
    return levels.getFirst().plan().locality().map(l -> l.spillOver().fraction()).orElse(0.0);
  }

  /** How much of all requests each level could carry, at most 1. */
  static double[] carried(int[] listed, int[] well) {
    double[] carried = new double[listed.length];
    for (int i = 0; i < listed.length; i++) {
      carried[i] = listed[i] == 0 ? 0 : Math.min(1, OVERPROVISIONING * well[i] / listed[i]);
    }
    return carried;
  }
}
