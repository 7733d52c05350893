package io.hostmesh.model.rules;

import java.util.List;
import java.util.Set;

/**
 * That near instances of a service get its requests, and who gets them where the near ones cannot
 * carry them.
 *
 * @param prefer what is near
 * @param spillOver of the requests of each level, the share that goes on to the next one in any
 *     case, so that it is warm and seen to work
 * @param failover in which order other regions follow; the first that holds the caller's decides
 */
public record LocalityPolicy(Prefer prefer, Share spillOver, List<Failover> failover) {
  public LocalityPolicy {
    failover = List.copyOf(failover);
  }

  /** The nearest that are told apart; what is wider follows. */
  public enum Prefer {
    /** The caller's own host, then its zone, then its region. */
    HOST,
    /** The caller's zone, then its region. */
    ZONE,
    /** The caller's region. */
    REGION
  }

  /**
   * An order of regions behind the caller's own.
   *
   * @param from the callers' regions; empty for all
   * @param to the nearest first; never empty. Regions that are not named follow together
   */
  public record Failover(Set<String> from, List<String> to) {
    public Failover {
      from = Set.copyOf(from);
      to = List.copyOf(to);
    }

    boolean holds(String region) {
      return from.isEmpty() || from.contains(region);
    }
  }

  /** Whether it has a meaning only where somebody says in which zone or region hosts stand. */
  public boolean asksForPlaces() {
    return prefer != Prefer.HOST || !failover.isEmpty();
  }

  /**
   * The regions that follow a caller's own, the first one first.
   *
   * @param region the caller's; empty where nobody said
   */
  public List<String> after(String region) {
    return failover.stream()
        .filter(each -> each.holds(region))
        .findFirst()
        .map(each -> each.to().stream().filter(to -> !to.equals(region)).toList())
        .orElse(List.of());
  }
}
