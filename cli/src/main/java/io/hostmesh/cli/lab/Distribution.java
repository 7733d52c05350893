package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/**
 * The folder with the programs that belong together: {@code bin}, {@code lib}, {@code runtime}.
 *
 * @param home absolute, without links
 */
record Distribution(Path home) {
  /**
   * The one that this command is part of.
   *
   * @throws UserError where it was not started from one
   */
  static Distribution own() {
    CodeSource source = Distribution.class.getProtectionDomain().getCodeSource();
    try {
      Path jar = Path.of(source.getLocation().toURI()).toRealPath();
      Path home = jar.getParent() == null ? null : jar.getParent().getParent();
      if (home != null && Files.isExecutable(home.resolve("bin/hostmesh-agent"))) {
        return new Distribution(home);
      }
      throw new UserError(
          "the daemons are not beside this command (" + jar + "); use the built or installed one");
    } catch (URISyntaxException | java.io.IOException e) {
      throw new UserError("cannot find the programs beside this command: " + e.getMessage(), e);
    }
  }

  Path program(String name) {
    return home.resolve("bin").resolve(name);
  }
}
