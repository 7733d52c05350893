package io.hostmesh.agent.outbound;

import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.RouteRule;
import org.jspecify.annotations.Nullable;

/**
 * Who is asked while none of a target's subset is well.
 *
 * @param allowed whether anybody is
 * @param subset null for all instances
 */
record Fallback(boolean allowed, RouteRule.@Nullable Subset subset) {
  static final Fallback NONE = new Fallback(false, null);
  private static final Fallback ALL = new Fallback(true, null);

  /**
   * @param name as the target has it; null for none
   * @param declaring the route that declares the subsets; one that it does not declare now is none
   */
  static Fallback of(@Nullable String name, @Nullable RouteTable declaring) {
    if (name == null) {
      return NONE;
    }
    if (name.equals(RouteRule.Target.ALL)) {
      return ALL;
    }
    RouteRule.Subset declared = declaring == null ? null : declaring.rule().subsets().get(name);
    return declared == null ? NONE : new Fallback(true, declared);
  }
}
