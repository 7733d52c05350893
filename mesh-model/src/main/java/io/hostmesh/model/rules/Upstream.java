package io.hostmesh.model.rules;

import java.util.List;
import java.util.Optional;

/**
 * How calls to a service are shared among its instances, limited and protected: the sections of one
 * rule, or of all rules that hold the service, taken together.
 *
 * @param balance how its instances share its requests
 * @param protection limits, ejection of outliers and checks
 */
public record Upstream(Optional<Balance> balance, Protection protection) {
  /** No rule says anything. */
  public static final Upstream NONE = new Upstream(Optional.empty(), Protection.NONE);

  /**
   * Each section is the narrowest one's that has it; what a section leaves out is not looked for.
   */
  public static Upstream together(List<Upstream> narrowestFirst) {
    Upstream all = NONE;
    for (Upstream wider : narrowestFirst) {
      all = all.or(wider);
    }
    return all;
  }

  private Upstream or(Upstream wider) {
    return new Upstream(balance.or(wider::balance), protection.or(wider.protection));
  }
}
