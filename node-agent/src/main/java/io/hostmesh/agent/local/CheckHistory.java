package io.hostmesh.agent.local;

import java.util.Optional;

/**
 * What a check's results so far make of an instance. Pure.
 *
 * @param well false before the first result
 * @param contrary how many results in a row spoke against {@code well}
 * @param output the last result's words
 */
record CheckHistory(boolean well, int contrary, String output) {
  static final CheckHistory UNKNOWN = new CheckHistory(false, 0, "not checked yet");

  /**
   * @param failure why the check failed; empty where it passed
   */
  CheckHistory after(Optional<String> failure, HealthCheck check) {
    boolean passed = failure.isEmpty();
    String words = failure.orElse("passing");
    if (passed == well) {
      return new CheckHistory(well, 0, words);
    }
    int needed = passed ? check.healthyAfter() : check.unhealthyAfter();
    return contrary + 1 >= needed
        ? new CheckHistory(passed, 0, words)
        : new CheckHistory(well, contrary + 1, words);
  }
}
