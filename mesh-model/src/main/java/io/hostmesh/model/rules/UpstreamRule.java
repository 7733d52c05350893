package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;

/**
 * How calls to services are shared among their instances, limited and protected. Of the rules that
 * hold a service, each section is taken from the narrowest one that has it.
 */
public record UpstreamRule(Scope scope, Upstream upstream, Origin origin) implements Rule {
  @Override
  public RuleKind kind() {
    return RuleKind.UPSTREAM;
  }
}
