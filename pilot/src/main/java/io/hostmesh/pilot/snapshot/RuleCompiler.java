package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.api.v1.Subset;
import io.hostmesh.api.v1.Target;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RouteRule;
import java.util.Comparator;

/** Rules as agents read them. Sets are written sorted, so that equal rules are equal bytes. */
final class RuleCompiler {
  private RuleCompiler() {}

  static Route route(RouteRule rule, String revision) {
    Route.Builder route =
        Route.newBuilder()
            .setNamespace(rule.service().namespace())
            .setService(rule.service().name())
            .setRevision(revision);
    rule.entries().forEach(entry -> route.addEntries(entry(entry)));
    rule.subsets().values().stream()
        .sorted(Comparator.comparing(RouteRule.Subset::name))
        .map(subset -> Subset.newBuilder().setName(subset.name()).putAllMeta(subset.meta()))
        .forEach(route::addSubsets);
    return route.build();
  }

  private static RouteEntry entry(RouteRule.Entry entry) {
    RouteEntry.Builder compiled = RouteEntry.newBuilder();
    entry
        .match()
        .ifPresent(
            match -> {
              compiled.putAllHeaders(match.headers());
              match.path().map(PathPattern::text).ifPresent(compiled::setPath);
            });
    for (RouteRule.Target target : entry.targets()) {
      compiled.addTargets(
          Target.newBuilder().setSubset(target.subset().orElse("")).setWeight(target.weight()));
    }
    return compiled.build();
  }

  static AccessPolicy access(AccessRule rule, String revision) {
    AccessPolicy.Builder policy =
        AccessPolicy.newBuilder()
            .setNamespace(rule.service().namespace())
            .setService(rule.service().name())
            .setRevision(revision);
    for (AccessRule.Grant grant : rule.allow()) {
      Grant.Builder compiled = Grant.newBuilder();
      grant.from().stream().sorted().map(ServiceName::full).forEach(compiled::addFrom);
      grant.methods().stream().sorted().forEach(compiled::addMethods);
      grant.paths().stream().map(PathPattern::text).forEach(compiled::addPaths);
      policy.addAllow(compiled);
    }
    return policy.build();
  }
}
