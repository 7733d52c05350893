package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;

/** Reading names from the command line. */
final class Names {
  private Names() {}

  /**
   * @throws UserError where it is not a service's name
   */
  static ServiceName service(String text) {
    try {
      return ServiceName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
  }
}
