package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.HashOn;
import io.hostmesh.api.v1.LocalityPreference;
import io.hostmesh.api.v1.RegionOrder;
import io.hostmesh.api.v1.SlowStart;
import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.rules.Affinity;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Upstream policies as pilot hands them out, read back: a method each section. */
final class UpstreamResources {
  private UpstreamResources() {}

  static Upstream upstream(UpstreamPolicy message) {
    return new Upstream(
        message.hasBalance() ? Optional.of(balance(message.getBalance())) : Optional.empty(),
        message.hasAffinity() ? Optional.of(affinity(message.getAffinity())) : Optional.empty(),
        message.hasLocality() ? Optional.of(locality(message.getLocality())) : Optional.empty(),
        ProtectionResources.protection(message));
  }

  private static Affinity affinity(io.hostmesh.api.v1.Affinity message) {
    return new Affinity(
        message.getCookie(),
        message.getTtlSeconds() > 0
            ? Optional.of(Duration.ofSeconds(message.getTtlSeconds()))
            : Optional.empty(),
        message.getPath());
  }

  private static LocalityPolicy locality(LocalityPreference message) {
    List<LocalityPolicy.Failover> failover = new ArrayList<>();
    for (RegionOrder order : message.getFailoverList()) {
      failover.add(new LocalityPolicy.Failover(Set.copyOf(order.getFromList()), order.getToList()));
    }
    return new LocalityPolicy(
        switch (message.getPrefer()) {
          case NEARNESS_HOST -> LocalityPolicy.Prefer.HOST;
          case NEARNESS_REGION -> LocalityPolicy.Prefer.REGION;
          case NEARNESS_ZONE, NEARNESS_UNSPECIFIED, UNRECOGNIZED -> LocalityPolicy.Prefer.ZONE;
        },
        new Share(message.getSpillOver()),
        failover);
  }

  private static Balance balance(io.hostmesh.api.v1.Balance message) {
    List<Balance.HashOn> hashOn = new ArrayList<>();
    for (HashOn part : message.getHashOnList()) {
      hashOn(part).ifPresent(hashOn::add);
    }
    // A policy that hashes, and nothing known to hash: the agent's own.
    Optional<BalancePolicy> policy =
        policy(message.getPolicy()).filter(p -> !p.hashes() || !hashOn.isEmpty());
    return new Balance(
        policy,
        hashOn,
        message.getRingMin() > 0 && message.getRingMax() >= message.getRingMin()
            ? new Balance.RingSize(
                Math.min(message.getRingMin(), Balance.RingSize.MOST),
                Math.min(message.getRingMax(), Balance.RingSize.MOST))
            : Balance.RingSize.DEFAULT,
        message.hasSlowStart() ? Optional.of(slowStart(message.getSlowStart())) : Optional.empty(),
        message.hasPanicThreshold()
            ? Optional.of(new Share(message.getPanicThreshold().getValue()))
            : Optional.empty());
  }

  private static Optional<Balance.HashOn> hashOn(HashOn part) {
    if (!part.getHeader().isEmpty()) {
      return Optional.of(new Balance.HashOn(Balance.HashOn.Part.HEADER, part.getHeader()));
    }
    if (!part.getCookie().isEmpty()) {
      return Optional.of(new Balance.HashOn(Balance.HashOn.Part.COOKIE, part.getCookie()));
    }
    if (!part.getQuery().isEmpty()) {
      return Optional.of(new Balance.HashOn(Balance.HashOn.Part.QUERY, part.getQuery()));
    }
    return part.getSourceAddress()
        ? Optional.of(new Balance.HashOn(Balance.HashOn.Part.SOURCE_ADDRESS, ""))
        : Optional.empty();
  }

  private static Balance.SlowStart slowStart(SlowStart message) {
    return new Balance.SlowStart(
        Duration.ofMillis(Math.max(1, message.getWindowMillis())),
        message.getAggression() > 0 ? message.getAggression() : 1,
        new Share(message.getFromBasisPoints()));
  }

  /** A newer pilot may know policies that this agent does not: it goes on with its own. */
  private static Optional<BalancePolicy> policy(io.hostmesh.api.v1.BalancePolicy policy) {
    return switch (policy) {
      case BALANCE_POLICY_LEAST_REQUEST -> Optional.of(BalancePolicy.LEAST_REQUEST);
      case BALANCE_POLICY_ROUND_ROBIN -> Optional.of(BalancePolicy.ROUND_ROBIN);
      case BALANCE_POLICY_RANDOM -> Optional.of(BalancePolicy.RANDOM);
      case BALANCE_POLICY_PEAK_EWMA -> Optional.of(BalancePolicy.PEAK_EWMA);
      case BALANCE_POLICY_RING_HASH -> Optional.of(BalancePolicy.RING_HASH);
      case BALANCE_POLICY_MAGLEV -> Optional.of(BalancePolicy.MAGLEV);
      case BALANCE_POLICY_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }
}
