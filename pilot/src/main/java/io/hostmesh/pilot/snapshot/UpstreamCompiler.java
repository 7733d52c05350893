package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.UpstreamRule;

/** Upstream rules as agents read them, a method each section. */
final class UpstreamCompiler {
  private UpstreamCompiler() {}

  static UpstreamPolicy upstream(UpstreamRule rule, String revision) {
    UpstreamPolicy.Builder policy =
        UpstreamPolicy.newBuilder()
            .setNamespace(RuleCompiler.namespace(rule.scope()))
            .setService(RuleCompiler.service(rule.scope()))
            .setRevision(revision);
    rule.upstream().balance().map(UpstreamCompiler::balance).ifPresent(policy::setBalance);
    ProtectionCompiler.add(rule.upstream().protection(), policy);
    return policy.build();
  }

  private static io.hostmesh.api.v1.Balance balance(Balance balance) {
    io.hostmesh.api.v1.Balance.Builder compiled = io.hostmesh.api.v1.Balance.newBuilder();
    balance.policy().map(UpstreamCompiler::policy).ifPresent(compiled::setPolicy);
    return compiled.build();
  }

  private static io.hostmesh.api.v1.BalancePolicy policy(BalancePolicy policy) {
    return switch (policy) {
      case LEAST_REQUEST -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_LEAST_REQUEST;
      case ROUND_ROBIN -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_ROUND_ROBIN;
      case RANDOM -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_RANDOM;
    };
  }
}
