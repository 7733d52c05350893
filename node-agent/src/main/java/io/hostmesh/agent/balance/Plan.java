package io.hostmesh.agent.balance;

import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.Balance.HashOn;
import io.hostmesh.model.rules.Balance.RingSize;
import io.hostmesh.model.rules.Balance.SlowStart;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.Upstream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the instances of one service are chosen: what the rules say, with the agent's own setting
 * where they say nothing.
 */
record Plan(
    BalancePolicy policy,
    List<HashOn> hashOn,
    RingSize ring,
    Optional<SlowStart> slowStart,
    Optional<Share> panicThreshold,
    Optional<LocalityPolicy> locality) {
  Plan {
    hashOn = List.copyOf(hashOn);
  }

  /** All that a table of keys is made by, beside the instances. */
  record Hashed(BalancePolicy policy, RingSize ring) {}

  Hashed hashed() {
    return new Hashed(policy, ring);
  }

  static Plan of(Upstream upstream, BalancePolicy standing) {
    Balance balance = upstream.balance().orElseGet(() -> new Balance(standing));
    return new Plan(
        balance.policy().orElse(standing),
        balance.hashOn(),
        balance.ring(),
        balance.slowStart(),
        balance.panicThreshold(),
        upstream.locality());
  }

  /** The first part of the request that is there to hash; null where none is. */
  @Nullable String key(RequestKeys keys) {
    for (HashOn part : hashOn) {
      String value =
          switch (part.part()) {
            case HEADER -> keys.header(part.name());
            case COOKIE -> keys.cookie(part.name());
            case QUERY -> keys.query(part.name());
            case SOURCE_ADDRESS -> keys.sourceAddress();
          };
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return null;
  }
}
