package io.hostmesh.agent.routing;

import io.hostmesh.model.rules.RouteRule;

/** A route rule, compiled when it arrives. Immutable. */
public final class RouteTable {
  private final RouteRule rule;

  private RouteTable(RouteRule rule) {
    this.rule = rule;
  }

  public static RouteTable compile(RouteRule rule) {
    return new RouteTable(rule);
  }

  public RouteRule rule() {
    return rule;
  }
}
