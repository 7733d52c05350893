package io.hostmesh.agent.balance;

import io.hostmesh.model.rules.ActiveCheck;

/**
 * What one active check knows of one instance: well until it has failed often enough in a row.
 *
 * @param row results in a row that speak against what holds
 * @param why the last failure; empty while the instance is well
 */
public record CheckState(int row, boolean ill, String why) {
  /** Before the first answer an instance is what the registry says. */
  public static final CheckState WELL = new CheckState(0, false, "");

  public CheckState good(ActiveCheck check) {
    if (!ill) {
      return WELL;
    }
    return row + 1 >= check.healthy() ? WELL : new CheckState(row + 1, true, why);
  }

  public CheckState bad(ActiveCheck check, String reason) {
    if (ill) {
      return new CheckState(0, true, reason);
    }
    return row + 1 >= check.unhealthy()
        ? new CheckState(0, true, reason)
        : new CheckState(row + 1, false, "");
  }
}
