package io.hostmesh.agent.authz;

import io.hostmesh.model.rules.AccessRule;

/** An access rule, compiled when it arrives. Immutable. */
public final class AccessTable {
  private final AccessRule rule;

  private AccessTable(AccessRule rule) {
    this.rule = rule;
  }

  public static AccessTable compile(AccessRule rule) {
    return new AccessTable(rule);
  }

  public AccessRule rule() {
    return rule;
  }
}
