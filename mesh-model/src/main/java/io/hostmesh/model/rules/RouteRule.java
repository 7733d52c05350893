package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a service's requests go. The first entry whose match holds decides; where none does, a
 * request goes to all instances of the service, as it would without a rule.
 *
 * @param subsets named groups of the service's instances, by metadata
 * @param entries in order of precedence
 */
public record RouteRule(
    ServiceName service, Map<String, Subset> subsets, List<Entry> entries, Origin origin)
    implements Rule {

  public RouteRule {
    subsets = Map.copyOf(subsets);
    entries = List.copyOf(entries);
  }

  @Override
  public Scope scope() {
    return Scope.of(service);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.ROUTE;
  }

  /** Whether deciding needs a request, so that a bare connection cannot be routed by it. */
  public boolean needsRequests() {
    return entries.stream().anyMatch(entry -> entry.match().isPresent());
  }

  /**
   * The instances whose metadata has all of these values.
   *
   * @param meta never empty
   */
  public record Subset(String name, Map<String, String> meta, Origin origin) {
    public Subset {
      meta = Map.copyOf(meta);
    }

    public boolean selects(Map<String, String> instanceMeta) {
      return meta.entrySet().stream()
          .allMatch(wanted -> wanted.getValue().equals(instanceMeta.get(wanted.getKey())));
    }
  }

  /**
   * @param match empty where the entry holds for every request
   * @param targets never empty; their weights sum to more than 0
   */
  public record Entry(Optional<Match> match, List<Target> targets) {
    public Entry {
      targets = List.copyOf(targets);
    }
  }

  /**
   * All of it must hold.
   *
   * @param headers lower-case names and the exact values wanted
   */
  public record Match(Map<String, String> headers, Optional<PathPattern> path) {
    public Match {
      headers = Map.copyOf(headers);
    }
  }

  /**
   * @param subset empty for all instances
   * @param weight 0 or more, relative to the entry's other targets
   */
  public record Target(Optional<String> subset, int weight, Origin origin) {}
}
