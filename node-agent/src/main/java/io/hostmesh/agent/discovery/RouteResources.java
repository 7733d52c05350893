package io.hostmesh.agent.discovery;

import io.hostmesh.agent.routing.RouteTable;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.api.v1.Target;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RouteRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Routes as pilot hands them out, compiled. Pilot has judged them against the whole mesh; what
 * would make a rule meaningless here is judged again.
 */
final class RouteResources {
  private RouteResources() {}

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
}
