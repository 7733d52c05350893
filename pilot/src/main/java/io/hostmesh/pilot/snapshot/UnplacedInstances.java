package io.hostmesh.pilot.snapshot;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Locality;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.UpstreamRule;
import io.hostmesh.pilot.rules.RuleInForce;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Instances of which nobody says where they stand, where a rule prefers near ones. */
final class UnplacedInstances {
  private final Map<Scope, LocalityPolicy> policies = new HashMap<>();

  UnplacedInstances(List<RuleInForce> rules) {
    for (RuleInForce inForce : rules) {
      if (inForce.rule() instanceof UpstreamRule rule) {
        rule.upstream().locality().ifPresent(policy -> policies.put(rule.scope(), policy));
      }
    }
  }

  /** What is wrong with a service; empty where nothing is. */
  Optional<String> problem(ServiceName service, List<Instance> instances) {
    if (policies.isEmpty() || !asksForPlaces(service)) {
      return Optional.empty();
    }
    List<String> unplaced =
        instances.stream()
            .filter(instance -> !Locality.of(instance.meta()).isKnown())
            .map(instance -> instance.id() + " on " + instance.node())
            .sorted()
            .toList();
    return unplaced.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "service "
                + service
                + ": a rule prefers near instances, and nobody says where "
                + unplaced.getFirst()
                + (unplaced.size() > 1
                    ? " and " + (unplaced.size() - 1) + " more stand"
                    : " stands")
                + ", so it counts as the farthest; set node.region in agent.conf there, or the"
                + " metadata region of a service outside the mesh");
  }

  private boolean asksForPlaces(ServiceName service) {
    for (Scope scope : Scope.around(service)) {
      LocalityPolicy policy = policies.get(scope);
      if (policy != null) {
        return policy.asksForPlaces();
      }
    }
    return false;
  }
}
