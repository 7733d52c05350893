package io.hostmesh.pilot.catalog;

import io.hostmesh.model.Instance;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps a mass disappearance from wiping the mesh: where most instances are gone from one answer of
 * the registry to the next, they are kept as they were, an alarm is raised, and they go only when
 * an operator confirms it, when the time is over, or when enough of them have come back. What
 * appears or changes meanwhile passes at once. Immutable and pure: every step is a new guard.
 *
 * @param instances what the mesh is told: the registry's, and the kept ones; ordered by service,
 *     node and id
 * @param missing the kept ones that the registry no longer lists
 * @param since when they disappeared
 */
public record CatalogGuard(
    Limits limits, List<Instance> instances, List<Instance> missing, Optional<Instant> since) {

  private static final Comparator<Instance> ORDER =
      Comparator.comparing(Instance::service)
          .thenComparing(Instance::node)
          .thenComparing(Instance::id);

  /**
   * @param percent a step that takes away more than this share is held, 1 to 100 (100: never)
   * @param atLeast and at least so many instances; an answer without any instance counts from 2
   * @param hold how long missing instances are kept; zero: until confirmed
   */
  public record Limits(int percent, int atLeast, Duration hold) {
    public static final Limits DEFAULT = new Limits(50, 10, Duration.ofMinutes(10));
  }

  private record Key(Object service, String node, String id) {
    static Key of(Instance instance) {
      return new Key(instance.service(), instance.node(), instance.id());
    }
  }

  public CatalogGuard {
    instances = List.copyOf(instances);
    missing = List.copyOf(missing);
  }

  /** The guard before the registry has said anything. */
  public static CatalogGuard fresh(Limits limits) {
    return new CatalogGuard(limits, List.of(), List.of(), Optional.empty());
  }

  /** The guard after an answer of the registry. */
  public CatalogGuard next(List<Instance> answer, Instant now) {
    Set<Key> there = new HashSet<>();
    answer.forEach(instance -> there.add(Key.of(instance)));
    List<Instance> gone =
        instances.stream().filter(instance -> !there.contains(Key.of(instance))).toList();
    if (!isMassive(gone.size(), answer.isEmpty())) {
      return new CatalogGuard(limits, sorted(answer), List.of(), Optional.empty());
    }
    List<Instance> shown = new ArrayList<>(answer);
    shown.addAll(gone);
    return new CatalogGuard(limits, sorted(shown), gone, since.or(() -> Optional.of(now)));
  }

  private boolean isMassive(int gone, boolean empty) {
    int threshold = empty || isHolding() ? Math.min(2, limits.atLeast()) : limits.atLeast();
    return gone >= threshold && gone * 100L > (long) limits.percent() * instances.size();
  }

  /** The guard once its time may be over. */
  public CatalogGuard at(Instant now) {
    boolean over =
        !limits.hold().isZero()
            && since.filter(start -> !now.isBefore(start.plus(limits.hold()))).isPresent();
    return over ? confirmed() : this;
  }

  /** The guard after an operator said that the missing instances are gone for good. */
  public CatalogGuard confirmed() {
    Set<Instance> gone = new HashSet<>(missing);
    List<Instance> left = instances.stream().filter(i -> !gone.contains(i)).toList();
    return new CatalogGuard(limits, left, List.of(), Optional.empty());
  }

  public boolean isHolding() {
    return since.isPresent();
  }

  private static List<Instance> sorted(List<Instance> instances) {
    return instances.stream().sorted(ORDER).toList();
  }
}
