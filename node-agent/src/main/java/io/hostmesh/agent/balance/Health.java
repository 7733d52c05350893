package io.hostmesh.agent.balance;

import io.hostmesh.model.rules.Share;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * How requests are shared among levels by how healthy these are, as Envoy shares them among
 * priorities: a level takes as much as its healthy instances can carry, each 1.4 times its share of
 * the level (the overprovisioning factor), and the next one the rest. Where all together cannot
 * carry it, levels below the panic threshold are used as a whole.
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
   * @param healthy of each level
   */
  static Health of(List<Level> levels, List<BitSet> healthy) {
    Optional<Share> threshold =
        levels.isEmpty() ? Optional.empty() : levels.getFirst().plan().panicThreshold();
    int[] listed = levels.stream().mapToInt(level -> level.listed().size()).toArray();
    int[] well = healthy.stream().mapToInt(BitSet::cardinality).toArray();
    double[] carried = carried(listed, well);
    double total = 0;
    boolean noneWell = true;
    for (int i = 0; i < carried.length; i++) {
      total += carried[i];
      noneWell &= well[i] == 0;
    }
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
    return new Health(inOrder ? inOrder(parts) : inProportion(parts), uses);
  }

  /** The first level gets what it can carry, the next one what it can carry of the rest. */
  private static List<Double> inOrder(double[] carried) {
    double total = 0;
    for (double part : carried) {
      total += part;
    }
    if (total < 1) {
      return inProportion(carried);
    }
    List<Double> sums = new ArrayList<>();
    double given = 0;
    for (double part : carried) {
      given = Math.min(1, given + part);
      sums.add(given);
    }
    return sums;
  }

  private static List<Double> inProportion(double[] parts) {
    double total = 0;
    for (double part : parts) {
      total += part;
    }
    List<Double> sums = new ArrayList<>();
    double given = 0;
    for (double part : parts) {
      given += part;
      sums.add(total == 0 ? 0 : given / total);
    }
    return sums;
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
