package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.Limit;
import io.hostmesh.api.v1.LimitKey;
import io.hostmesh.api.v1.LimitPolicy;
import io.hostmesh.api.v1.LimitScope;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.LimitRule.Per;

/** Rules on how many requests a service takes, as agents read them. */
final class LimitCompiler {
  private LimitCompiler() {}

  static LimitPolicy limits(LimitRule rule, String revision) {
    LimitPolicy.Builder policy =
        LimitPolicy.newBuilder()
            .setNamespace(RuleCompiler.namespace(rule.scope()))
            .setService(RuleCompiler.service(rule.scope()))
            .setRevision(revision);
    rule.limits().forEach(limit -> policy.addLimits(limit(limit)));
    return policy.build();
  }

  private static Limit limit(LimitRule.Limit limit) {
    Limit.Builder compiled =
        Limit.newBuilder()
            .setName(limit.name())
            .setCount(limit.rate().count())
            .setPeriodSeconds((int) limit.rate().period().toSeconds())
            .setBurst(limit.burst())
            .setDryRun(limit.dryRun());
    limit.match().map(RouteCompiler::match).ifPresent(compiled::setMatch);
    compiled.setScope(
        switch (limit.reach()) {
          case INSTANCE -> LimitScope.LIMIT_SCOPE_INSTANCE;
          case MESH -> LimitScope.LIMIT_SCOPE_MESH;
        });
    limit.per().forEach(key -> compiled.addPer(key(key)));
    return compiled.build();
  }

  private static LimitKey key(Per key) {
    LimitKey.Builder compiled = LimitKey.newBuilder();
    return switch (key) {
      case Per.Source _ -> compiled.setSource(true).build();
      case Per.SourceAddress _ -> compiled.setSourceAddress(true).build();
      case Per.Header(String name) -> compiled.setHeader(name).build();
    };
  }
}
