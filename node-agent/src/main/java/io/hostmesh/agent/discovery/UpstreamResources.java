package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.Upstream;
import java.util.Optional;

/** Upstream policies as pilot hands them out, read back: a method each section. */
final class UpstreamResources {
  private UpstreamResources() {}

  static Upstream upstream(UpstreamPolicy message) {
    return new Upstream(
        message.hasBalance() ? Optional.of(balance(message.getBalance())) : Optional.empty(),
        ProtectionResources.protection(message));
  }

  private static Balance balance(io.hostmesh.api.v1.Balance message) {
    return new Balance(policy(message.getPolicy()));
  }

  /** A newer pilot may know policies that this agent does not: it goes on with its own. */
  private static Optional<BalancePolicy> policy(io.hostmesh.api.v1.BalancePolicy policy) {
    return switch (policy) {
      case BALANCE_POLICY_LEAST_REQUEST -> Optional.of(BalancePolicy.LEAST_REQUEST);
      case BALANCE_POLICY_ROUND_ROBIN -> Optional.of(BalancePolicy.ROUND_ROBIN);
      case BALANCE_POLICY_RANDOM -> Optional.of(BalancePolicy.RANDOM);
      case BALANCE_POLICY_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }
}
