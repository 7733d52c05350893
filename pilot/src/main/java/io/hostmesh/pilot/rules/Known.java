package io.hostmesh.pilot.rules;

import io.hostmesh.model.Locality;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Nearest;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What rules may refer to.
 *
 * @param services those of the directory, and those that a node is entitled to
 * @param subsets that services' routes declare, of those that have one
 */
public record Known(
    SortedMap<ServiceName, Facts> services, SortedMap<ServiceName, SortedSet<String>> subsets) {
  public static final Known NOTHING = new Known(new TreeMap<>());

  public Known {
    services = Collections.unmodifiableSortedMap(new TreeMap<>(services));
    subsets = Collections.unmodifiableSortedMap(new TreeMap<>(subsets));
  }

  /** No service has a route. */
  public Known(SortedMap<ServiceName, Facts> services) {
    this(services, new TreeMap<>());
  }

  /** The same, where the routes among these rules stand beside, or in place of, those before. */
  public Known with(Collection<Rule> rules) {
    SortedMap<ServiceName, SortedSet<String>> all = new TreeMap<>(subsets);
    for (Rule rule : rules) {
      if (rule instanceof RouteRule route) {
        all.put(route.service(), new TreeSet<>(route.subsets().keySet()));
      }
    }
    return new Known(services, all);
  }

  /**
   * @param protocol empty while no instance declares one
   * @param metadata of each instance that is registered now
   */
  public record Facts(Optional<Protocol> protocol, List<Map<String, String>> metadata) {
    public static final Facts NONE = new Facts(Optional.empty(), List.of());

    public Facts {
      metadata = List.copyOf(metadata);
    }
  }

  boolean has(ServiceName service) {
    return services.containsKey(service);
  }

  Facts facts(ServiceName service) {
    return services.getOrDefault(service, Facts.NONE);
  }

  /** The regions that instances are in. */
  SortedSet<String> regions() {
    return services.values().stream()
        .flatMap(facts -> facts.metadata().stream())
        .map(Locality::of)
        .filter(Locality::isKnown)
        .map(Locality::region)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** A sentence's part that helps a person who named a service that is not there. */
  String hint(ServiceName service) {
    return Nearest.to(
            service.toString(), services.keySet().stream().map(ServiceName::toString).toList())
        .map(nearest -> "did you mean \"" + nearest + "\"?")
        .orElse(
            "register an instance of it, or entitle a node to it (hostmesh node allow NODE "
                + service
                + ")");
  }
}
