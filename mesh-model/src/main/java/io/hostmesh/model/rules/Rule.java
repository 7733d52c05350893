package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;

/** One document of the mesh's rules: what shall hold for one service. */
public sealed interface Rule permits RouteRule, AccessRule {
  ServiceName service();

  RuleKind kind();

  /** Where the document begins, for messages. */
  Origin origin();

  default RuleKey key() {
    return new RuleKey(kind(), service());
  }
}
