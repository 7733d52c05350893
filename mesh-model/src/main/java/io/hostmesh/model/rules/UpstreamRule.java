package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;
import java.util.Map;

/**
 * How calls to services are shared among their instances, limited and protected. Of the rules that
 * hold a service, each section is taken from the narrowest one that has it.
 *
 * @param places of its sections, by their keys
 */
public record UpstreamRule(
    Scope scope, Upstream upstream, Origin origin, Map<String, Origin> places) implements Rule {
  public UpstreamRule {
    places = Map.copyOf(places);
  }

  /** Where a section stands; the rule where it has no such section. */
  public Origin place(String section) {
    return places.getOrDefault(section, origin);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.UPSTREAM;
  }
}
