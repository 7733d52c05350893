package io.hostmesh.pilot.rules;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Judges a well-formed rule by what else is known of the mesh. Pure. */
public final class RuleCheck {
  private static final Comparator<RouteRule.Subset> BY_NAME =
      Comparator.comparing(RouteRule.Subset::name);

  private RuleCheck() {}

  /** All that is wrong, in the order of the document; empty where nothing is. */
  public static List<RuleProblem> check(Rule rule, Known known) {
    List<RuleProblem> problems = new ArrayList<>();
    if (!known.has(rule.service())) {
      problems.add(
          new RuleProblem(
              new Origin(rule.origin().file(), rule.origin().line(), "service"),
              unknown(rule.service(), known),
              Weight.FATAL));
    }
    switch (rule) {
      case RouteRule route -> route(route, known.facts(rule.service()), problems);
      case AccessRule access -> access(access, known, problems);
    }
    return List.copyOf(problems);
  }

  private static String unknown(ServiceName service, Known known) {
    return "unknown service \"" + service + "\"; " + known.hint(service);
  }

  private static void route(RouteRule rule, Known.Facts facts, List<RuleProblem> problems) {
    for (RouteRule.Subset subset : rule.subsets().values().stream().sorted(BY_NAME).toList()) {
      if (facts.metadata().stream().noneMatch(subset::selects)) {
        problems.add(
            new RuleProblem(
                subset.origin(),
                "no instance of "
                    + rule.service()
                    + " is in subset \""
                    + subset.name()
                    + "\" now; requests for it are answered 503 until one is",
                Weight.NOTE));
      }
    }
    if (rule.needsRequests() && isTcp(facts.protocol())) {
      problems.add(
          new RuleProblem(
              rule.origin(),
              "rules match on headers or paths, but "
                  + rule.service()
                  + " speaks tcp; remove match, or declare protocol = http for the service",
              Weight.FATAL));
    }
  }

  private static void access(AccessRule rule, Known known, List<RuleProblem> problems) {
    boolean tcp = isTcp(known.facts(rule.service()).protocol());
    for (AccessRule.Grant grant : rule.allow()) {
      grant.from().stream()
          .sorted()
          .filter(caller -> !known.has(caller))
          .map(caller -> new RuleProblem(grant.origin(), unknown(caller, known), Weight.DANGLING))
          .forEach(problems::add);
      if (tcp && grant.needsRequests()) {
        problems.add(
            new RuleProblem(
                grant.origin(),
                "the grant names methods or paths, but "
                    + rule.service()
                    + " speaks tcp; remove them, or declare protocol = http for the service",
                Weight.FATAL));
      }
    }
  }

  private static boolean isTcp(Optional<Protocol> protocol) {
    return protocol.equals(Optional.of(Protocol.TCP));
  }
}
