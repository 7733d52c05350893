package io.hostmesh.pilot.rules;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.routing.RouteAnalysis;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.MirrorPolicy;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.UpstreamRule;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Judges a well-formed rule by what else is known of the mesh. Pure. */
public final class RuleCheck {
  private static final Comparator<RouteRule.Subset> BY_NAME =
      Comparator.comparing(RouteRule.Subset::name);

  private RuleCheck() {}

  /** All that is wrong; empty where nothing is. */
  public static List<RuleProblem> check(Rule rule, Known known) {
    List<RuleProblem> problems = new ArrayList<>(alone(rule, known));
    if (rule instanceof RouteRule route) {
      ForeignSubset.undeclared(route, known).stream()
          .map(each -> each.problem(known, Weight.DANGLING))
          .forEach(problems::add);
    }
    return List.copyOf(problems);
  }

  /** The same but for what depends on other rules, in the order of the document. */
  public static List<RuleProblem> alone(Rule rule, Known known) {
    List<RuleProblem> problems = new ArrayList<>();
    rule.scope()
        .service()
        .filter(service -> !known.has(service))
        .ifPresent(
            service ->
                problems.add(
                    new RuleProblem(
                        new Origin(rule.origin().file(), rule.origin().line(), "service"),
                        unknown(service, known),
                        Weight.FATAL)));
    if (rule.scope() instanceof Scope.Namespace(String namespace) && !has(known, namespace)) {
      problems.add(
          new RuleProblem(rule.origin(), "namespace " + namespace + noServices(), Weight.NOTE));
    }
    switch (rule) {
      case RouteRule route -> route(route, known, problems);
      case AccessRule access -> access(access, known, problems);
      case ModeRule mode -> mode(mode, problems);
      case LimitRule limits -> limits(limits, known, problems);
      case AuthenticationRule tokens ->
          onRequests(tokens, "tokens are read of requests", known, problems);
      case ExternalAuthorizationRule external -> {
        onRequests(external, "authorisers are asked about requests", known, problems);
        if (external.authoriser() instanceof Authoriser.Service(ServiceName name)
            && !known.has(name)) {
          problems.add(new RuleProblem(external.origin(), unknown(name, known), Weight.DANGLING));
        }
      }
      case UpstreamRule upstream -> UpstreamCheck.check(upstream, known, problems);
    }
    return List.copyOf(problems);
  }

  private static String unknown(ServiceName service, Known known) {
    return "unknown service \"" + service + "\"; " + known.hint(service);
  }

  private static void route(RouteRule rule, Known known, List<RuleProblem> problems) {
    Known.Facts facts = known.facts(rule.service());
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
    targets(rule, known, problems);
    RouteAnalysis.of(rule)
        .forEach(
            finding ->
                problems.add(new RuleProblem(finding.origin(), finding.text(), Weight.NOTE)));
    if (rule.needsRequests() && isTcp(facts.protocol())) {
      problems.add(
          new RuleProblem(
              rule.origin(),
              "an entry asks for paths, headers or what else only requests have, or answers them, but "
                  + rule.service()
                  + " speaks tcp; remove it, or declare protocol = http for the service",
              Weight.FATAL));
    }
  }

  /** Other services that requests go to. */
  private static void targets(RouteRule rule, Known known, List<RuleProblem> problems) {
    for (RouteRule.Entry entry : rule.entries()) {
      for (RouteRule.Target target : entry.targets()) {
        target
            .service()
            .filter(service -> !known.has(service))
            .ifPresent(
                service ->
                    problems.add(
                        new RuleProblem(target.origin(), unknown(service, known), Weight.FATAL)));
      }
      entry
          .handling()
          .sending()
          .mirror()
          .flatMap(MirrorPolicy::service)
          .filter(service -> !known.has(service))
          .ifPresent(
              service ->
                  problems.add(
                      new RuleProblem(entry.origin(), unknown(service, known), Weight.FATAL)));
    }
  }

  private static boolean has(Known known, String namespace) {
    return known.services().keySet().stream().anyMatch(s -> s.namespace().equals(namespace));
  }

  private static String noServices() {
    return " has no service now; what this says holds for those to come";
  }

  private static void access(AccessRule rule, Known known, List<RuleProblem> problems) {
    for (Grant grant : rule.allow().orElse(List.of())) {
      callers(grant, known, problems);
      requests(rule, grant, known, problems);
    }
    for (List<Grant> list : List.of(rule.deny(), rule.audit())) {
      for (Grant grant : list) {
        callers(grant, known, problems);
      }
    }
    for (Grant grant : rule.deny()) {
      if (grant.needsRequests()) {
        bareConnections(rule, grant, known, problems);
      }
    }
  }

  private static void callers(Grant grant, Known known, List<RuleProblem> problems) {
    Stream.of(grant.callers().from(), grant.callers().notFrom())
        .flatMap(List::stream)
        .forEach(
            pattern -> {
              switch (pattern) {
                case CallerPattern.OfService(ServiceName name) when !known.has(name) ->
                    problems.add(
                        new RuleProblem(grant.origin(), unknown(name, known), Weight.DANGLING));
                case CallerPattern.OfNamespace(String namespace) when !has(known, namespace) ->
                    problems.add(
                        new RuleProblem(
                            grant.origin(), "namespace " + namespace + noServices(), Weight.NOTE));
                default -> {
                  // Identities of other domains are not ours to know.
                }
              }
            });
  }

  private static void requests(
      AccessRule rule, Grant grant, Known known, List<RuleProblem> problems) {
    Optional<ServiceName> service = rule.scope().service();
    if (service.isPresent()
        && grant.needsRequests()
        && isTcp(known.facts(service.get()).protocol())) {
      problems.add(
          new RuleProblem(
              grant.origin(),
              "the grant names methods, paths or what else only requests have, but "
                  + service.get()
                  + " speaks tcp; remove them, or declare protocol = http for the service",
              Weight.FATAL));
    }
  }

  /** What is asked on a bare connection cannot be seen, so such a grant denies all of it. */
  private static void bareConnections(
      AccessRule rule, Grant grant, Known known, List<RuleProblem> problems) {
    known.services().entrySet().stream()
        .filter(entry -> rule.scope().covers(entry.getKey()))
        .filter(entry -> isTcp(entry.getValue().protocol()))
        .findFirst()
        .ifPresent(
            entry ->
                problems.add(
                    new RuleProblem(
                        grant.origin(),
                        entry.getKey()
                            + " speaks tcp, where requests cannot be seen: the grant denies every"
                            + " connection to it whose other conditions hold",
                        Weight.NOTE)));
  }

  private static void onRequests(Rule rule, String what, Known known, List<RuleProblem> problems) {
    rule.scope()
        .service()
        .filter(service -> isTcp(known.facts(service).protocol()))
        .ifPresent(
            service ->
                problems.add(
                    new RuleProblem(
                        rule.origin(),
                        what
                            + ", but "
                            + service
                            + " speaks tcp; declare protocol = http for the service",
                        Weight.FATAL)));
  }

  /** What is asked of requests cannot be asked of connections, which such a limit lets through. */
  private static void limits(LimitRule rule, Known known, List<RuleProblem> problems) {
    for (LimitRule.Limit limit : rule.limits()) {
      if (!limit.needsRequests()) {
        continue;
      }
      boolean own = rule.scope() instanceof Scope.Service;
      known.services().entrySet().stream()
          .filter(entry -> rule.scope().covers(entry.getKey()))
          .filter(entry -> isTcp(entry.getValue().protocol()))
          .findFirst()
          .ifPresent(
              entry ->
                  problems.add(
                      new RuleProblem(
                          limit.origin(),
                          "the limit \""
                              + limit.name()
                              + "\" asks for what only requests have, but "
                              + entry.getKey()
                              + " speaks tcp"
                              + (own
                                  ? "; count its connections per source or source-address, or"
                                      + " declare protocol = http for the service"
                                  : ": its connections are not limited by it"),
                          own ? Weight.FATAL : Weight.NOTE)));
    }
  }

  private static void mode(ModeRule rule, List<RuleProblem> problems) {
    boolean plaintext =
        rule.mode().equals(Optional.of(MeshMode.DISABLED))
            || rule.ports().containsValue(MeshMode.DISABLED);
    if (plaintext) {
      problems.add(
          new RuleProblem(
              rule.origin(),
              "disabled means plaintext: calls from other hosts can be read and forged on the way,"
                  + " and rules that name callers hold nobody",
              Weight.NOTE));
    }
  }

  static boolean isTcp(Optional<Protocol> protocol) {
    return protocol.equals(Optional.of(Protocol.TCP));
  }
}
