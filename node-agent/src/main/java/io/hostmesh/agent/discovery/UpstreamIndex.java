package io.hostmesh.agent.discovery;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.Upstream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How calls to each service are shared, limited and protected: what the rules of its scopes say
 * together. What did not change stays the same object. Immutable.
 */
final class UpstreamIndex {
  static final UpstreamIndex NOTHING = new UpstreamIndex(Held.NOTHING, Map.of());

  private final Held made;
  private final Map<ServiceName, Upstream> byService;

  private UpstreamIndex(Held made, Map<ServiceName, Upstream> byService) {
    this.made = made;
    this.byService = byService;
  }

  /**
   * @param rules the policies as they are held now
   */
  @SuppressWarnings("ReferenceEquality") // The same object means that nothing came.
  UpstreamIndex next(Held rules) {
    if (rules == made) {
      return this;
    }
    Map<ServiceName, Upstream> next = new HashMap<>();
    for (ServiceName service : services(rules)) {
      List<Upstream> found = new ArrayList<>();
      for (Scope scope : Scope.around(service)) {
        Accepted accepted = rules.byName().get(scope.path());
        if (accepted != null && accepted.content() instanceof Content.Upstreams(Upstream said)) {
          found.add(said);
        }
      }
      Upstream together = Upstream.together(found);
      if (!together.equals(Upstream.NONE)) {
        Upstream before = of(service);
        next.put(service, together.equals(before) ? before : together);
      }
    }
    return new UpstreamIndex(rules, next);
  }

  /** The services of which pilot has said something, be it that they have no rule of their own. */
  private static Set<ServiceName> services(Held rules) {
    Set<ServiceName> services = new HashSet<>();
    for (Set<String> names : List.of(rules.byName().keySet(), rules.absent())) {
      for (String name : names) {
        Scope.parse(name).service().ifPresent(services::add);
      }
    }
    return services;
  }

  /** {@link Upstream#NONE} where no rule says anything. */
  Upstream of(ServiceName service) {
    return byService.getOrDefault(service, Upstream.NONE);
  }
}
