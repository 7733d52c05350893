package io.hostmesh.agent.discovery;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.routing.RouteTable;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.api.v1.Target;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RouteRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Rules as pilot hands them out, compiled. Pilot has judged them against the whole mesh; what would
 * make a rule meaningless here is judged again.
 */
final class RuleResources {
  private RuleResources() {}

  static RouteTable route(ServiceName service, Route message) throws UnusableResource {
    Origin origin = new Origin("route " + service + " revision " + message.getRevision(), 0, "");
    Map<String, RouteRule.Subset> subsets = new LinkedHashMap<>();
    for (io.hostmesh.api.v1.Subset subset : message.getSubsetsList()) {
      subsets.put(
          subset.getName(), new RouteRule.Subset(subset.getName(), subset.getMetaMap(), origin));
    }
    List<RouteRule.Entry> entries = new ArrayList<>();
    for (RouteEntry entry : message.getEntriesList()) {
      entries.add(
          new RouteRule.Entry(match(entry), targets(entry.getTargetsList(), subsets, origin)));
    }
    return RouteTable.compile(new RouteRule(service, subsets, entries, origin));
  }

  private static Optional<RouteRule.Match> match(RouteEntry entry) throws UnusableResource {
    if (!entry.getUnknownFields().asMap().isEmpty()) {
      throw new UnusableResource("has an entry with conditions that this version does not know");
    }
    Optional<PathPattern> path =
        entry.getPath().isEmpty()
            ? Optional.empty()
            : Optional.of(new PathPattern(entry.getPath()));
    return entry.getHeadersCount() == 0 && path.isEmpty()
        ? Optional.empty()
        : Optional.of(new RouteRule.Match(entry.getHeadersMap(), path));
  }

  private static List<RouteRule.Target> targets(
      List<Target> messages, Map<String, RouteRule.Subset> subsets, Origin origin)
      throws UnusableResource {
    List<RouteRule.Target> targets = new ArrayList<>();
    long sum = 0;
    for (Target target : messages) {
      String subset = target.getSubset();
      if (!subset.isEmpty() && !subsets.containsKey(subset)) {
        throw new UnusableResource("routes to the subset " + subset + ", which it does not define");
      }
      if (target.getWeight() < 0) {
        throw new UnusableResource(
            "has the weight " + Integer.toUnsignedString(target.getWeight()) + "; too large");
      }
      sum += target.getWeight();
      targets.add(
          new RouteRule.Target(
              subset.isEmpty() ? Optional.empty() : Optional.of(subset),
              target.getWeight(),
              origin));
    }
    if (sum == 0) {
      throw new UnusableResource("has an entry whose weights sum to 0");
    }
    return targets;
  }

  /**
   * A grant with conditions that this version does not know allows nothing: without them it would
   * allow more than its author meant.
   */
  static AccessTable access(ServiceName service, AccessPolicy message) {
    Origin origin = new Origin("access " + service + " revision " + message.getRevision(), 0, "");
    List<AccessRule.Grant> grants = new ArrayList<>();
    for (Grant grant : message.getAllowList()) {
      if (grant.getUnknownFields().asMap().isEmpty()) {
        grants.add(grant(grant, origin));
      }
    }
    return AccessTable.compile(new AccessRule(service, grants, origin));
  }

  private static AccessRule.Grant grant(Grant grant, Origin origin) {
    Set<ServiceName> from = new HashSet<>();
    for (String name : grant.getFromList()) {
      from.add(ServiceName.parse(name));
    }
    List<PathPattern> paths = grant.getPathsList().stream().map(PathPattern::new).toList();
    return new AccessRule.Grant(from, Set.copyOf(grant.getMethodsList()), paths, origin);
  }

  /** What holds while pilot has not said who may call a service of this host: nobody. */
  static AccessTable unknown(ServiceName service) {
    return AccessTable.compile(
        new AccessRule(service, List.of(), new Origin("access " + service + " not known", 0, "")));
  }
}
