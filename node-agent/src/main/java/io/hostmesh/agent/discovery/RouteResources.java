package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.api.v1.Target;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.Cors;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.HeaderChanges;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.PathRewrite;
import io.hostmesh.model.rules.Regex;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.ValueMatch;
import io.hostmesh.model.rules.ValuePattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Routes as pilot hands them out, compiled. Pilot has judged them against the whole mesh; what
 * would make a rule meaningless here is judged again.
 */
final class RouteResources {
  private final Map<String, RouteRule.Subset> subsets;
  private final Origin origin;

  private RouteResources(Map<String, RouteRule.Subset> subsets, Origin origin) {
    this.subsets = subsets;
    this.origin = origin;
  }

  static RouteTable route(ServiceName service, Route message) throws UnusableResource {
    Origin origin = new Origin("route " + service + " revision " + message.getRevision(), 0, "");
    Map<String, RouteRule.Subset> subsets = new LinkedHashMap<>();
    for (io.hostmesh.api.v1.Subset subset : message.getSubsetsList()) {
      subsets.put(
          subset.getName(), new RouteRule.Subset(subset.getName(), subset.getMetaMap(), origin));
    }
    RouteResources reader = new RouteResources(subsets, origin);
    List<RouteRule.Entry> entries = new ArrayList<>();
    for (RouteEntry entry : message.getEntriesList()) {
      entries.add(reader.entry(entry));
    }
    return RouteTable.compile(new RouteRule(service, subsets, entries, origin));
  }

  private RouteRule.Entry entry(RouteEntry entry) throws UnusableResource {
    if (!entry.getUnknownFields().asMap().isEmpty()) {
      throw new UnusableResource(
          "has an entry with conditions or actions that this version does not know");
    }
    RequestMatch match = match(entry);
    return new RouteRule.Entry(
        text(entry.getName()),
        match.equals(RequestMatch.ALL) ? Optional.empty() : Optional.of(match),
        action(entry),
        handling(entry),
        origin);
  }

  /** Pilots of the first contract told exact headers and one path only. */
  private static RequestMatch match(RouteEntry entry) throws UnusableResource {
    RequestMatch match = MatchResources.match(entry.getMatch());
    if (entry.getHeadersCount() == 0 && entry.getPath().isEmpty()) {
      return match;
    }
    Map<String, ValueMatch> headers = new HashMap<>(match.headers());
    entry
        .getHeadersMap()
        .forEach(
            (name, value) ->
                headers.put(name, new ValueMatch.AnyOf(List.of(new ValuePattern(value)))));
    return new RequestMatch(
        entry.getPath().isEmpty() ? match.paths() : List.of(new PathPattern(entry.getPath())),
        match.pathRegex(),
        match.methods(),
        headers,
        match.query(),
        match.hosts(),
        match.sources(),
        match.sourceMeta());
  }

  private Action action(RouteEntry entry) throws UnusableResource {
    if (entry.hasRedirect()) {
      io.hostmesh.api.v1.Redirect redirect = entry.getRedirect();
      return new Action.Redirect(
          redirect.getStatus(),
          text(redirect.getScheme()),
          text(redirect.getHost()),
          redirect.hasPath() ? Optional.of(path(redirect.getPath())) : Optional.empty());
    }
    if (entry.hasRespond()) {
      return new Action.Respond(
          entry.getRespond().getStatus(),
          entry.getRespond().getBody(),
          entry.getRespond().getContentType());
    }
    return new Action.Forward(targets(entry.getTargetsList()));
  }

  private List<RouteRule.Target> targets(List<Target> messages) throws UnusableResource {
    List<RouteRule.Target> targets = new ArrayList<>();
    long sum = 0;
    for (Target target : messages) {
      String subset = target.getSubset();
      if (target.getService().isEmpty()) {
        defined(subset);
        defined(target.getFallback().equals(RouteRule.Target.ALL) ? "" : target.getFallback());
      }
      if (target.getWeight() < 0) {
        throw new UnusableResource(
            "has the weight " + Integer.toUnsignedString(target.getWeight()) + "; too large");
      }
      sum += target.getWeight();
      targets.add(
          new RouteRule.Target(
              text(target.getService()).map(ServiceName::parse),
              text(subset),
              text(target.getFallback()),
              target.getWeight(),
              origin));
    }
    if (sum == 0) {
      throw new UnusableResource("has an entry whose weights sum to 0");
    }
    return targets;
  }

  private void defined(String subset) throws UnusableResource {
    if (!subset.isEmpty() && !subsets.containsKey(subset)) {
      throw new UnusableResource("routes to the subset " + subset + ", which it does not define");
    }
  }

  private static Handling handling(RouteEntry entry) throws UnusableResource {
    return new Handling(
        entry.hasRewritePath() ? Optional.of(path(entry.getRewritePath())) : Optional.empty(),
        text(entry.getRewriteHost()),
        changes(entry.getRequestHeaders()),
        changes(entry.getResponseHeaders()),
        entry.hasCors() ? Optional.of(cors(entry.getCors())) : Optional.empty(),
        SendingResources.sending(entry));
  }

  private static PathRewrite path(io.hostmesh.api.v1.PathRewrite message) throws UnusableResource {
    return switch (message.getHowCase()) {
      case WHOLE -> new PathRewrite.Whole(message.getWhole());
      case PREFIX -> new PathRewrite.Prefix(message.getPrefix());
      case SUBSTITUTE ->
          new PathRewrite.Substitute(
              new Regex(message.getSubstitute().getRegex()),
              message.getSubstitute().getSubstitution());
      case HOW_NOT_SET ->
          throw new UnusableResource("rewrites paths in a way that this version does not know");
    };
  }

  private static HeaderChanges changes(io.hostmesh.api.v1.HeaderChanges message) {
    return new HeaderChanges(message.getSetMap(), message.getAddMap(), message.getRemoveList());
  }

  private static Cors cors(io.hostmesh.api.v1.Cors message) {
    return new Cors(
        message.getOriginsList().stream().map(ValuePattern::new).toList(),
        new HashSet<>(message.getMethodsList()),
        message.getHeadersList(),
        message.getExposeList(),
        message.getMaxAgeSeconds() == 0
            ? Optional.empty()
            : Optional.of(Duration.ofSeconds(message.getMaxAgeSeconds())),
        message.getCredentials());
  }

  static Optional<String> text(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }
}
