package io.hostmesh.pilot.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;

/**
 * A route names a subset of another service, which that service's own route has to declare. What
 * goes to one that is not declared is answered 503; the route's other entries work.
 *
 * @param origin where it is named
 */
public record ForeignSubset(Origin origin, ServiceName service, String subset) {
  /** All that a route names, in its order. */
  public static List<ForeignSubset> of(RouteRule rule) {
    List<ForeignSubset> named = new ArrayList<>();
    for (RouteRule.Entry entry : rule.entries()) {
      for (RouteRule.Target target : entry.targets()) {
        target
            .service()
            .ifPresent(
                service ->
                    target
                        .subsets()
                        .forEach(
                            subset ->
                                named.add(new ForeignSubset(target.origin(), service, subset))));
      }
      entry
          .handling()
          .sending()
          .mirror()
          .ifPresent(
              mirror ->
                  mirror
                      .service()
                      .ifPresent(
                          service ->
                              mirror
                                  .subset()
                                  .ifPresent(
                                      subset ->
                                          named.add(
                                              new ForeignSubset(
                                                  inMirror(entry.origin()), service, subset)))));
    }
    return List.copyOf(named);
  }

  private static Origin inMirror(Origin entry) {
    return new Origin(entry.file(), entry.line(), entry.key() + ".mirror.subset");
  }

  /** Those that are not declared; of services that are not known, that is said of the service. */
  static List<ForeignSubset> undeclared(RouteRule rule, Known known) {
    return of(rule).stream().filter(named -> named.isUndeclared(known)).toList();
  }

  private boolean isUndeclared(Known known) {
    SortedSet<String> declared = known.subsets().get(service);
    return declared == null ? known.has(service) : !declared.contains(subset);
  }

  /** What is to be said of one that is not declared. */
  public RuleProblem problem(Known known, Weight weight) {
    SortedSet<String> declared = known.subsets().get(service);
    return new RuleProblem(
        origin,
        (declared == null
                ? service + " has no route that declares"
                : "the route of " + service + " declares no")
            + " subset \""
            + subset
            + "\"; "
            + (declared == null || declared.isEmpty()
                ? "declare it in subsets { ... } there, and apply both together"
                : "declared: " + String.join(", ", declared)),
        weight);
  }
}
