package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;

/** One document of the mesh's rules: what shall hold for a service, a namespace or the mesh. */
public sealed interface Rule
    permits RouteRule,
        AccessRule,
        ModeRule,
        AuthenticationRule,
        ExternalAuthorizationRule,
        UpstreamRule,
        LimitRule {
  Scope scope();

  RuleKind kind();

  /** Where the document begins, for messages. */
  Origin origin();

  default RuleKey key() {
    return new RuleKey(kind(), scope());
  }
}
