package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;

/** The forms of an answer: for people, or for programs. */
final class Outputs {
  private Outputs() {}

  /**
   * @throws UserError where it is none
   */
  static void check(String output) {
    if (!output.equals("text") && !isJson(output)) {
      throw new UserError("--output " + output + ": use text or json");
    }
  }

  static boolean isJson(String output) {
    return output.equals("json");
  }
}
