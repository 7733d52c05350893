package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.DefaultAccess;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.api.v1.ModePolicy;
import io.hostmesh.api.v1.RequestShape;
import io.hostmesh.api.v1.Values;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.ValuePattern;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** Rules as agents read them. Sets are written sorted, so that equal rules are equal bytes. */
final class RuleCompiler {
  private RuleCompiler() {}

  static AccessPolicy access(AccessRule rule, String revision) {
    AccessPolicy.Builder policy =
        AccessPolicy.newBuilder()
            .setNamespace(namespace(rule.scope()))
            .setService(service(rule.scope()))
            .setRevision(revision)
            .setWithoutAllow(rule.allow().isEmpty())
            .setDryRun(rule.dryRun());
    rule.allow().orElse(List.of()).forEach(grant -> policy.addAllow(grant(grant)));
    rule.deny().forEach(grant -> policy.addDeny(grant(grant)));
    rule.audit().forEach(grant -> policy.addAudit(grant(grant)));
    rule.defaultAllow()
        .map(
            allows ->
                allows ? DefaultAccess.DEFAULT_ACCESS_ALLOW : DefaultAccess.DEFAULT_ACCESS_DENY)
        .ifPresent(policy::setDefaultAccess);
    return policy.build();
  }

  /** A policy that says nothing yet. */
  static AccessPolicy.Builder blank(Scope scope) {
    return AccessPolicy.newBuilder()
        .setNamespace(namespace(scope))
        .setService(service(scope))
        .setWithoutAllow(true);
  }

  static String namespace(Scope scope) {
    return scope.path().substring(0, scope.path().indexOf('/'));
  }

  static String service(Scope scope) {
    return scope.path().substring(scope.path().indexOf('/') + 1);
  }

  static Grant grant(io.hostmesh.model.rules.Grant grant) {
    Grant.Builder compiled =
        Grant.newBuilder().setName(grant.name().orElse("")).setDryRun(grant.dryRun());
    List<CallerPattern> from = grant.callers().from();
    if (from.isEmpty()) {
      compiled.setEverybody(true);
    } else if (!from.contains(CallerPattern.ANY_OF_MESH)) {
      sorted(from).forEach(compiled::addFrom);
    }
    sorted(grant.callers().notFrom()).forEach(compiled::addNotFrom);
    sorted(grant.callers().networks()).forEach(compiled::addSourceNetworks);
    grant.callers().ports().stream().sorted().forEach(compiled::addPorts);
    sorted(grant.requests().methods()).forEach(compiled::addMethods);
    grant.requests().paths().stream().map(PathPattern::text).forEach(compiled::addPaths);
    grant.requests().notPaths().stream().map(PathPattern::text).forEach(compiled::addNotPaths);
    grant.requests().hosts().stream().map(HostPattern::text).forEach(compiled::addHosts);
    grant.requests().headers().forEach((name, any) -> compiled.putHeaders(name, values(any)));
    for (io.hostmesh.model.rules.Grant.Shape shape : grant.requests().unless()) {
      RequestShape.Builder except = RequestShape.newBuilder();
      sorted(shape.methods()).forEach(except::addMethods);
      shape.paths().stream().map(PathPattern::text).forEach(except::addPaths);
      shape.headers().forEach((name, any) -> except.putHeaders(name, values(any)));
      compiled.addUnless(except);
    }
    sorted(grant.users().issuers()).forEach(compiled::addIssuers);
    sorted(grant.users().audiences()).forEach(compiled::addAudiences);
    grant.users().claims().forEach((name, any) -> compiled.putClaims(name, values(any)));
    return compiled.build();
  }

  static Stream<String> sorted(Collection<?> values) {
    return values.stream().map(Object::toString).sorted();
  }

  static Values values(List<ValuePattern> any) {
    return Values.newBuilder().addAllAny(any.stream().map(ValuePattern::text).toList()).build();
  }

  static ModePolicy mode(ModeRule rule, String revision) {
    ModePolicy.Builder policy =
        ModePolicy.newBuilder()
            .setNamespace(namespace(rule.scope()))
            .setService(service(rule.scope()))
            .setRevision(revision);
    rule.mode().map(RuleCompiler::mode).ifPresent(policy::setMode);
    rule.ports().forEach((port, mode) -> policy.putPorts(port, mode(mode)));
    return policy.build();
  }

  private static Mode mode(MeshMode mode) {
    return switch (mode) {
      case STRICT -> Mode.MODE_STRICT;
      case PERMISSIVE -> Mode.MODE_PERMISSIVE;
      case DISABLED -> Mode.MODE_DISABLED;
    };
  }
}
