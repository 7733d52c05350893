package io.hostmesh.registry;

import io.hostmesh.model.Instance;
import io.hostmesh.model.ServiceName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.kiwiproject.consul.model.health.ServiceHealth;

/**
 * What is known of the catalog, and which parts of it are out of date. Not for several threads: its
 * owner's lock guards it. Services go by Consul's names here.
 */
final class CatalogState {
  /** Consul's servers list themselves under this name. */
  static final String CONSUL_ITSELF = "consul";

  private final Map<String, List<ServiceHealth>> known = new HashMap<>();
  private final Set<String> stale = new HashSet<>();

  /** Services whose last read said of their checks something else than the list of checks did. */
  private final Set<String> disputed = new HashSet<>();

  private Map<CatalogChanges.Key, CatalogChanges.Seen> checks = Map.of();
  private Set<String> names = Set.of();
  private boolean named;
  private long timesChecked;
  private boolean sweepWanted;
  private boolean changed;

  /**
   * The list of services was answered: those that are new to it are read at once, and any other may
   * have changed as well, which a sweep finds out.
   */
  void named(Set<String> answered) {
    names = new HashSet<>(answered);
    names.remove(CONSUL_ITSELF);
    changed |= known.keySet().retainAll(names);
    stale.retainAll(names);
    disputed.retainAll(names);
    names.stream().filter(name -> !known.containsKey(name)).forEach(stale::add);
    sweepWanted = true;
    named = true;
  }

  boolean isSweepWanted() {
    return sweepWanted;
  }

  /** Marks everything for reading. */
  void startSweep() {
    stale.addAll(names);
    sweepWanted = false;
  }

  /**
   * The checks were answered. Beside the services whose checks differ from the answer before, those
   * that are disputed are read again: a check that turns and turns back between two answers leaves
   * no difference, but a read in between has seen it.
   */
  void checked(Map<CatalogChanges.Key, CatalogChanges.Seen> answered) {
    CatalogChanges changes = CatalogChanges.between(checks, answered);
    checks = answered;
    timesChecked++;
    stale.addAll(disputed);
    changes.services().stream().filter(names::contains).forEach(stale::add);
    known.forEach(
        (name, instances) -> {
          if (instances.stream().anyMatch(i -> changes.nodes().contains(i.getNode().getNode()))) {
            stale.add(name);
          }
        });
  }

  /** Takes what must be read now. */
  Set<String> takeStale() {
    Set<String> taken = Set.copyOf(stale);
    stale.clear();
    return taken;
  }

  /** Whether there is something to read. */
  boolean isStale() {
    return !stale.isEmpty();
  }

  /** How often the checks have been answered; what a read that begins now is handed back with. */
  long timesChecked() {
    return timesChecked;
  }

  /**
   * A service was read.
   *
   * @param begun what {@link #timesChecked} was before: where the checks have been answered since
   *     and say something else, nothing tells which of the two is older, and it is read again
   */
  void read(String name, List<ServiceHealth> instances, long begun) {
    if (!names.contains(name)) {
      return;
    }
    known.put(name, List.copyOf(instances));
    changed = true;
    if (CatalogChanges.agree(checks, name, instances)) {
      disputed.remove(name);
    } else {
      disputed.add(name);
      if (begun != timesChecked) {
        stale.add(name);
      }
    }
  }

  void unread(Set<String> taken) {
    taken.stream().filter(names::contains).forEach(stale::add);
  }

  /** Whether every service was read at least once, and both lists were answered. */
  boolean isComplete() {
    return named && timesChecked > 0 && known.keySet().containsAll(names);
  }

  /** Whether the catalog may differ from the last one that was taken. */
  boolean isChanged() {
    return changed;
  }

  /** Takes the catalog as it is known. */
  Catalog catalog() {
    changed = false;
    SortedMap<ServiceName, List<Instance>> services = new TreeMap<>();
    SortedMap<String, String> ignored = new TreeMap<>();
    known.forEach(
        (name, instances) -> {
          for (ServiceHealth health : instances) {
            try {
              Instance instance = InstanceReader.read(health);
              services.computeIfAbsent(instance.service(), _ -> new ArrayList<>()).add(instance);
            } catch (IllegalArgumentException e) {
              ignored.put(name, String.valueOf(e.getMessage()));
            }
          }
        });
    services
        .values()
        .forEach(
            instances ->
                instances.sort(Comparator.comparing(Instance::node).thenComparing(Instance::id)));
    return new Catalog(services, ignored);
  }
}
