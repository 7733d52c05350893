package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.Cors;
import io.hostmesh.api.v1.HeaderChanges;
import io.hostmesh.api.v1.PathRewrite;
import io.hostmesh.api.v1.PathSubstitution;
import io.hostmesh.api.v1.Redirect;
import io.hostmesh.api.v1.RequestMatch;
import io.hostmesh.api.v1.Respond;
import io.hostmesh.api.v1.Route;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.api.v1.Subset;
import io.hostmesh.api.v1.Target;
import io.hostmesh.api.v1.ValueMatch;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Regex;
import io.hostmesh.model.rules.RouteRule;
import java.time.Duration;
import java.util.Comparator;

/** Routes as agents read them. Sets are written sorted, so that equal rules are equal bytes. */
final class RouteCompiler {
  private RouteCompiler() {}

  static Route route(RouteRule rule, String revision) {
    Route.Builder route =
        Route.newBuilder()
            .setNamespace(rule.service().namespace())
            .setService(rule.service().name())
            .setRevision(revision);
    rule.entries().forEach(entry -> route.addEntries(entry(entry)));
    rule.subsets().values().stream()
        .sorted(Comparator.comparing(RouteRule.Subset::name))
        .map(subset -> Subset.newBuilder().setName(subset.name()).putAllMeta(subset.meta()))
        .forEach(route::addSubsets);
    return route.build();
  }

  private static RouteEntry entry(RouteRule.Entry entry) {
    RouteEntry.Builder compiled = RouteEntry.newBuilder().setName(entry.name().orElse(""));
    entry.match().map(RouteCompiler::match).ifPresent(compiled::setMatch);
    switch (entry.action()) {
      case Action.Forward forward ->
          forward.targets().forEach(target -> compiled.addTargets(target(target)));
      case Action.Redirect redirect -> compiled.setRedirect(redirect(redirect));
      case Action.Respond respond ->
          compiled.setRespond(
              Respond.newBuilder()
                  .setStatus(respond.status())
                  .setBody(respond.body())
                  .setContentType(respond.contentType()));
    }
    handling(entry.handling(), compiled);
    return compiled.build();
  }

  private static Target target(RouteRule.Target target) {
    return Target.newBuilder()
        .setService(target.service().map(ServiceName::full).orElse(""))
        .setSubset(target.subset().orElse(""))
        .setFallback(target.fallback().orElse(""))
        .setWeight(target.weight())
        .build();
  }

  /** Also of other kinds of rules. */
  static RequestMatch match(io.hostmesh.model.rules.RequestMatch match) {
    RequestMatch.Builder compiled =
        RequestMatch.newBuilder()
            .setPathRegex(match.pathRegex().map(Regex::text).orElse(""))
            .putAllSourceMeta(match.sourceMeta());
    match.paths().stream().map(PathPattern::text).forEach(compiled::addPaths);
    RuleCompiler.sorted(match.methods()).forEach(compiled::addMethods);
    match.headers().forEach((name, value) -> compiled.putHeaders(name, value(value)));
    match.query().forEach((name, value) -> compiled.putQuery(name, value(value)));
    match.hosts().stream().map(HostPattern::text).forEach(compiled::addHosts);
    match.sources().stream().map(Object::toString).forEach(compiled::addSources);
    return compiled.build();
  }

  static ValueMatch value(io.hostmesh.model.rules.ValueMatch value) {
    ValueMatch.Builder compiled = ValueMatch.newBuilder();
    return switch (value) {
      case io.hostmesh.model.rules.ValueMatch.AnyOf any ->
          compiled.setAnyOf(RuleCompiler.values(any.patterns())).build();
      case io.hostmesh.model.rules.ValueMatch.NoneOf none ->
          compiled.setNoneOf(RuleCompiler.values(none.patterns())).build();
      case io.hostmesh.model.rules.ValueMatch.Like like ->
          compiled.setRegex(like.regex().text()).build();
      case io.hostmesh.model.rules.ValueMatch.Absent _ -> compiled.setAbsent(true).build();
    };
  }

  private static Redirect redirect(Action.Redirect redirect) {
    Redirect.Builder compiled =
        Redirect.newBuilder()
            .setStatus(redirect.status())
            .setScheme(redirect.scheme().orElse(""))
            .setHost(redirect.host().orElse(""));
    redirect.path().map(RouteCompiler::path).ifPresent(compiled::setPath);
    return compiled.build();
  }

  private static PathRewrite path(io.hostmesh.model.rules.PathRewrite rewrite) {
    PathRewrite.Builder compiled = PathRewrite.newBuilder();
    return switch (rewrite) {
      case io.hostmesh.model.rules.PathRewrite.Whole(String path) ->
          compiled.setWhole(path).build();
      case io.hostmesh.model.rules.PathRewrite.Prefix(String prefix) ->
          compiled.setPrefix(prefix).build();
      case io.hostmesh.model.rules.PathRewrite.Substitute(Regex regex, String substitution) ->
          compiled
              .setSubstitute(
                  PathSubstitution.newBuilder()
                      .setRegex(regex.text())
                      .setSubstitution(substitution))
              .build();
    };
  }

  private static void handling(Handling handling, RouteEntry.Builder entry) {
    handling.path().map(RouteCompiler::path).ifPresent(entry::setRewritePath);
    handling.host().ifPresent(entry::setRewriteHost);
    if (!handling.request().isNone()) {
      entry.setRequestHeaders(changes(handling.request()));
    }
    if (!handling.response().isNone()) {
      entry.setResponseHeaders(changes(handling.response()));
    }
    handling.cors().map(RouteCompiler::cors).ifPresent(entry::setCors);
    SendingCompiler.sending(handling.sending(), entry);
  }

  private static HeaderChanges changes(io.hostmesh.model.rules.HeaderChanges changes) {
    return HeaderChanges.newBuilder()
        .putAllSet(changes.set())
        .putAllAdd(changes.add())
        .addAllRemove(changes.remove())
        .build();
  }

  private static Cors cors(io.hostmesh.model.rules.Cors cors) {
    Cors.Builder compiled =
        Cors.newBuilder()
            .addAllHeaders(cors.headers())
            .addAllExpose(cors.expose())
            .setMaxAgeSeconds(cors.maxAge().map(Duration::toSeconds).orElse(0L))
            .setCredentials(cors.credentials());
    cors.origins().stream().map(Object::toString).forEach(compiled::addOrigins);
    RuleCompiler.sorted(cors.methods()).forEach(compiled::addMethods);
    return compiled.build();
  }
}
