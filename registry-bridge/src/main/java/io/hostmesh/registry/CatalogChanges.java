package io.hostmesh.registry;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kiwiproject.consul.model.health.HealthCheck;
import org.kiwiproject.consul.model.health.ServiceHealth;

/**
 * What two answers of {@code /v1/health/state/any} differ in: which services must be read again.
 *
 * @param services by Consul's name, those with a check that came, went or changed
 * @param nodes those with a check of the node's own that did: all their services
 */
record CatalogChanges(Set<String> services, Set<String> nodes) {
  /** A check by its identity. */
  record Key(String node, String check) {}

  /** What an instance is made of, of a check: a new output is no change. */
  record Seen(String service, String status, String notes) {
    static Seen of(HealthCheck check) {
      return new Seen(
          check.getServiceName().orElse(""), check.getStatus(), check.getNotes().orElse(""));
    }

    /** Whether it counts for instances of a service: its own, or the node's. */
    boolean isOf(String name) {
      return service.isEmpty() || service.equals(name);
    }
  }

  static Map<Key, Seen> seen(List<HealthCheck> checks) {
    Map<Key, Seen> seen = HashMap.newHashMap(checks.size());
    for (HealthCheck check : checks) {
      seen.put(new Key(check.getNode(), check.getCheckId()), Seen.of(check));
    }
    return seen;
  }

  /** Whether a service's instances, as they were read, have the checks that the list names. */
  static boolean agree(Map<Key, Seen> listed, String service, List<ServiceHealth> instances) {
    Map<Key, Seen> read = new HashMap<>();
    Set<String> on = new HashSet<>();
    for (ServiceHealth instance : instances) {
      on.add(instance.getNode().getNode());
      read.putAll(seen(instance.getChecks()));
    }
    return listed.entrySet().containsAll(read.entrySet())
        && listed.entrySet().stream()
            .filter(check -> on.contains(check.getKey().node()))
            .filter(check -> check.getValue().isOf(service))
            .allMatch(check -> read.containsKey(check.getKey()));
  }

  static CatalogChanges between(Map<Key, Seen> before, Map<Key, Seen> after) {
    CatalogChanges changes = new CatalogChanges(new HashSet<>(), new HashSet<>());
    after.forEach(
        (key, seen) -> {
          Seen old = before.get(key);
          if (!seen.equals(old)) {
            changes.note(key, seen);
            if (old != null) {
              changes.note(key, old);
            }
          }
        });
    before.forEach(
        (key, seen) -> {
          if (!after.containsKey(key)) {
            changes.note(key, seen);
          }
        });
    return changes;
  }

  private void note(Key key, Seen seen) {
    if (seen.service().isEmpty()) {
      nodes.add(key.node());
    } else {
      services.add(seen.service());
    }
  }
}
