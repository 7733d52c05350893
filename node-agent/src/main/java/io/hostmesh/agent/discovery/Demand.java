package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Scope;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whose resources this host needs. Immutable.
 *
 * @param local the services of this host
 * @param upstreams what they declare to call
 * @param used what they have called, now or in an earlier life of the agent
 */
record Demand(Set<ServiceName> local, Set<ServiceName> upstreams, Set<ServiceName> used) {
  static final Demand NONE = new Demand(Set.of(), Set.of(), Set.of());

  Demand {
    local = Set.copyOf(local);
    upstreams = Set.copyOf(upstreams);
    used = Set.copyOf(used);
  }

  Demand ofHost(Set<ServiceName> services, Set<ServiceName> calls) {
    return new Demand(services, calls, used);
  }

  Demand using(Set<ServiceName> called) {
    Set<ServiceName> all = new HashSet<>(used);
    all.addAll(called);
    return new Demand(local, upstreams, all);
  }

  /** The names to subscribe to. */
  Set<String> names(ResourceType type) {
    return switch (type) {
      case MESH_SETTINGS, SERVICE -> AdsStream.EVERYTHING;
      case ENDPOINTS, ROUTE -> full(called());
      case UPSTREAM_POLICY -> around(called());
      case ACCESS_POLICY, MODE_POLICY, LIMIT_POLICY -> around(local);
    };
  }

  private Set<ServiceName> called() {
    Set<ServiceName> called = new HashSet<>(used);
    called.addAll(upstreams);
    return called;
  }

  private static Set<String> around(Set<ServiceName> services) {
    return services.stream()
        .flatMap(service -> Scope.around(service).stream())
        .map(Scope::path)
        .collect(Collectors.toSet());
  }

  private static Set<String> full(Set<ServiceName> services) {
    return services.stream().map(ServiceName::full).collect(Collectors.toSet());
  }
}
