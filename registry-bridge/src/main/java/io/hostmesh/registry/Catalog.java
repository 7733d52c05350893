package io.hostmesh.registry;

import io.hostmesh.model.Instance;
import io.hostmesh.model.ServiceName;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Every instance that the registry lists, healthy or not, at one moment. Consul's own service, and
 * proxies and gateways of Consul's own mesh, are not in it.
 *
 * @param services their instances, ordered by node and id
 * @param ignored services of the registry that cannot be in a mesh, by Consul's name, and why
 */
public record Catalog(
    SortedMap<ServiceName, List<Instance>> services, SortedMap<String, String> ignored) {
  public static final Catalog EMPTY = new Catalog(new TreeMap<>(), new TreeMap<>());

  public Catalog {
    SortedMap<ServiceName, List<Instance>> copy = new TreeMap<>();
    services.forEach((name, instances) -> copy.put(name, List.copyOf(instances)));
    services = Collections.unmodifiableSortedMap(copy);
    ignored = Collections.unmodifiableSortedMap(new TreeMap<>(ignored));
  }

  /** A service's instances, none where it is not known. */
  public List<Instance> instances(ServiceName service) {
    return services.getOrDefault(service, List.of());
  }

  /** How many instances there are in all: what a guard against a mass disappearance compares. */
  public int size() {
    return services.values().stream().mapToInt(List::size).sum();
  }
}
