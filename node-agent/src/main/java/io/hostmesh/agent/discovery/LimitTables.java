package io.hostmesh.agent.discovery;

import io.hostmesh.agent.limit.LeasedBucket;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.LimitKey;
import io.hostmesh.api.v1.LimitPolicy;
import io.hostmesh.api.v1.LimitScope;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.LimitRule.Limit;
import io.hostmesh.model.rules.LimitRule.Per;
import io.hostmesh.model.rules.LimitRule.Reach;
import io.hostmesh.model.rules.Rate;
import io.hostmesh.model.rules.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How many requests each service of this host takes. A table whose rules did not change is taken
 * over from before. Immutable, but for the tokens.
 */
final class LimitTables {
  static final LimitTables NONE = new LimitTables(Map.of());

  private final Map<ServiceName, LimitTable> tables;

  private LimitTables(Map<ServiceName, LimitTable> tables) {
    this.tables = tables;
  }

  LimitTables next(DiscoveryState state) {
    Held held = state.of(ResourceType.LIMIT_POLICY);
    Map<ServiceName, LimitTable> next = new HashMap<>();
    for (ServiceName service : Policies.services(held)) {
      List<LimitRule> rules = new ArrayList<>();
      for (Scope scope : Scope.around(service)) {
        Accepted accepted = held.byName().get(scope.path());
        if (accepted != null && accepted.content() instanceof Content.Limits(LimitRule rule)) {
          rules.add(rule);
        }
      }
      LimitTable before = tables.get(service);
      if (before != null && before.rules().equals(rules)) {
        next.put(service, before);
      } else if (!rules.isEmpty()) {
        next.put(service, LimitTable.compile(service, rules, before));
      }
    }
    return new LimitTables(next);
  }

  /** The shares of mesh-wide limits, of all services. */
  List<LeasedBucket> leased() {
    return tables.values().stream().flatMap(table -> table.leased().stream()).toList();
  }

  Optional<LimitTable> of(ServiceName service) {
    return Optional.ofNullable(tables.get(service));
  }

  /**
   * A policy as pilot hands it out, read back. A limit of which this version does not know a part
   * is left out: without it, it would refuse more than its author meant.
   */
  static LimitRule rule(Scope scope, LimitPolicy message) throws UnusableResource {
    Origin origin = new Origin("limit " + scope + " revision " + message.getRevision(), 0, "");
    List<Limit> limits = new ArrayList<>();
    for (io.hostmesh.api.v1.Limit limit : message.getLimitsList()) {
      if (isKnown(limit)) {
        limits.add(
            new Limit(
                limit.getName(),
                limit.hasMatch()
                    ? Optional.of(MatchResources.match(limit.getMatch()))
                    : Optional.empty(),
                new Rate(limit.getCount(), Duration.ofSeconds(limit.getPeriodSeconds())),
                Math.max(1, limit.getBurst()),
                limit.getPerList().stream().map(LimitTables::key).toList(),
                limit.getScope() == LimitScope.LIMIT_SCOPE_MESH ? Reach.MESH : Reach.INSTANCE,
                limit.getDryRun(),
                origin));
      }
    }
    return new LimitRule(scope, limits, origin);
  }

  private static boolean isKnown(io.hostmesh.api.v1.Limit limit) {
    return limit.getUnknownFields().asMap().isEmpty()
        && limit.getMatch().getUnknownFields().asMap().isEmpty()
        && limit.getScope() != LimitScope.UNRECOGNIZED
        && limit.getPerList().stream()
            .allMatch(key -> key.getKeyCase() != LimitKey.KeyCase.KEY_NOT_SET);
  }

  private static Per key(LimitKey key) {
    return switch (key.getKeyCase()) {
      case SOURCE_ADDRESS -> new Per.SourceAddress();
      case HEADER -> new Per.Header(key.getHeader());
      case SOURCE, KEY_NOT_SET -> new Per.Source();
    };
  }
}
