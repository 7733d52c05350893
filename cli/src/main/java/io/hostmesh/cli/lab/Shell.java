package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs the system's tools and waits for them. */
final class Shell {
  private Shell() {}

  /**
   * @throws UserError where the tool is missing or ends with a status other than 0, with what it
   *     said
   */
  static String run(List<String> command, String input) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new UserError(
            "'" + String.join(" ", command) + "' failed: " + output.strip().replace('\n', ';'));
      }
      return output;
    } catch (IOException e) {
      throw new UserError(
          "cannot run " + command.getFirst() + ": " + e.getMessage() + "; is it installed?", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("interrupted", e);
    }
  }

  static String run(String... command) {
    return run(List.of(command), "");
  }
}
