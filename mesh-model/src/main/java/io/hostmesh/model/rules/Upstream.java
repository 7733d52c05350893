package io.hostmesh.model.rules;

import java.util.List;
import java.util.Optional;

/**
 * How calls to a service are shared among its instances, limited and protected: the sections of one
 * rule, or of all rules that hold the service, taken together.
 *
 * @param balance how its instances share its requests
 * @param affinity whether callers stay with an instance; empty where they do not
 * @param locality whether near instances come first; empty where they are all alike
 * @param protection limits, ejection of outliers and checks
 */
public record Upstream(
    Optional<Balance> balance,
    Optional<Affinity> affinity,
    Optional<LocalityPolicy> locality,
    Protection protection) {
  /** No rule says anything. */
  public static final Upstream NONE =
      new Upstream(Optional.empty(), Optional.empty(), Optional.empty(), Protection.NONE);

  /** Only how instances share requests. */
  public static Upstream of(Balance balance) {
    return new Upstream(Optional.of(balance), NONE.affinity, NONE.locality, NONE.protection);
  }

  /** Only what keeps it from harm. */
  public static Upstream of(Protection protection) {
    return new Upstream(NONE.balance, NONE.affinity, NONE.locality, protection);
  }

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
    return new Upstream(
        balance.or(wider::balance),
        affinity.or(wider::affinity),
        locality.or(wider::locality),
        protection.or(wider.protection));
  }
}
