package io.hostmesh.cli;

import io.hostmesh.model.rules.RuleKind;
import io.hostmesh.runtime.UserError;

/** Reading a kind of rule from the command line. */
final class RuleKinds {
  private RuleKinds() {}

  /**
   * @throws UserError where there is no such kind
   */
  static String checked(String kind) {
    try {
      return RuleKind.parse(kind).text();
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
  }
}
