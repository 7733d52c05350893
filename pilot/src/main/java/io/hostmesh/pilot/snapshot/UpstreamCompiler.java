package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.BasisPoints;
import io.hostmesh.api.v1.HashOn;
import io.hostmesh.api.v1.LocalityPreference;
import io.hostmesh.api.v1.Nearness;
import io.hostmesh.api.v1.RegionOrder;
import io.hostmesh.api.v1.SlowStart;
import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.rules.Affinity;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.UpstreamRule;
import java.time.Duration;

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
    rule.upstream().affinity().map(UpstreamCompiler::affinity).ifPresent(policy::setAffinity);
    rule.upstream().locality().map(UpstreamCompiler::locality).ifPresent(policy::setLocality);
    ProtectionCompiler.add(rule.upstream().protection(), policy);
    return policy.build();
  }

  private static io.hostmesh.api.v1.Balance balance(Balance balance) {
    io.hostmesh.api.v1.Balance.Builder compiled = io.hostmesh.api.v1.Balance.newBuilder();
    balance.policy().map(UpstreamCompiler::policy).ifPresent(compiled::setPolicy);
    balance.hashOn().forEach(part -> compiled.addHashOn(hashOn(part)));
    if (!balance.ring().equals(Balance.RingSize.DEFAULT)) {
      compiled.setRingMin(balance.ring().min()).setRingMax(balance.ring().max());
    }
    balance
        .slowStart()
        .ifPresent(
            slow ->
                compiled.setSlowStart(
                    SlowStart.newBuilder()
                        .setWindowMillis((int) slow.window().toMillis())
                        .setAggression(slow.aggression())
                        .setFromBasisPoints(slow.from().basisPoints())));
    balance.panicThreshold().map(UpstreamCompiler::share).ifPresent(compiled::setPanicThreshold);
    return compiled.build();
  }

  private static io.hostmesh.api.v1.Affinity affinity(Affinity affinity) {
    return io.hostmesh.api.v1.Affinity.newBuilder()
        .setCookie(affinity.cookie())
        .setTtlSeconds(affinity.ttl().map(Duration::toSeconds).orElse(0L))
        .setPath(affinity.path())
        .build();
  }

  private static LocalityPreference locality(LocalityPolicy locality) {
    LocalityPreference.Builder compiled =
        LocalityPreference.newBuilder()
            .setPrefer(
                switch (locality.prefer()) {
                  case HOST -> Nearness.NEARNESS_HOST;
                  case ZONE -> Nearness.NEARNESS_ZONE;
                  case REGION -> Nearness.NEARNESS_REGION;
                })
            .setSpillOver(locality.spillOver().basisPoints());
    for (LocalityPolicy.Failover each : locality.failover()) {
      compiled.addFailover(
          RegionOrder.newBuilder()
              .addAllFrom(each.from().stream().sorted().toList())
              .addAllTo(each.to()));
    }
    return compiled.build();
  }

  private static BasisPoints share(Share share) {
    return BasisPoints.newBuilder().setValue(share.basisPoints()).build();
  }

  private static HashOn hashOn(Balance.HashOn part) {
    HashOn.Builder compiled = HashOn.newBuilder();
    switch (part.part()) {
      case HEADER -> compiled.setHeader(part.name());
      case COOKIE -> compiled.setCookie(part.name());
      case QUERY -> compiled.setQuery(part.name());
      case SOURCE_ADDRESS -> compiled.setSourceAddress(true);
    }
    return compiled.build();
  }

  private static io.hostmesh.api.v1.BalancePolicy policy(BalancePolicy policy) {
    return switch (policy) {
      case LEAST_REQUEST -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_LEAST_REQUEST;
      case ROUND_ROBIN -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_ROUND_ROBIN;
      case RANDOM -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_RANDOM;
      case PEAK_EWMA -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_PEAK_EWMA;
      case RING_HASH -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_RING_HASH;
      case MAGLEV -> io.hostmesh.api.v1.BalancePolicy.BALANCE_POLICY_MAGLEV;
    };
  }
}
