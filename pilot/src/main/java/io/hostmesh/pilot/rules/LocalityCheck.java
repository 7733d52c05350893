package io.hostmesh.pilot.rules;

import io.hostmesh.model.hocon.Nearest;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.UpstreamRule;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Judges the regions that a rule names by those that instances are in. A region that is only
 * planned is no mistake, so it is said and not refused.
 */
final class LocalityCheck {
  private LocalityCheck() {}

  static void check(UpstreamRule rule, Known known, List<RuleProblem> problems) {
    SortedSet<String> named = new TreeSet<>();
    for (LocalityPolicy.Failover order :
        rule.upstream().locality().map(LocalityPolicy::failover).orElse(List.of())) {
      named.addAll(order.from());
      named.addAll(order.to());
    }
    SortedSet<String> there = known.regions();
    if (there.isEmpty()) {
      return; // Nobody says where anything stands, which is said of the instances.
    }
    named.removeAll(there);
    for (String region : named) {
      problems.add(
          new RuleProblem(
              new Origin(rule.origin().file(), rule.origin().line(), "locality.failover"),
              "no instance of the mesh is in the region \""
                  + region
                  + "\" now; "
                  + Nearest.to(region, List.copyOf(there))
                      .map(nearest -> "did you mean \"" + nearest + "\"?")
                      .orElse("there are " + String.join(", ", there)),
              Weight.NOTE));
    }
  }
}
