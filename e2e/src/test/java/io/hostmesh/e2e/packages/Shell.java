package io.hostmesh.e2e.packages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Commands and what they say. */
public final class Shell {
  private Shell() {}

  /**
   * What a command said.
   *
   * @param output standard output and error as they came
   */
  public record Said(int status, String output) {}

  /** Runs a command to its end. */
  public static Said run(Duration within, List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("hostmesh-story", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .start();
      if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
        throw new IllegalStateException(
            "not done within "
                + within
                + ": "
                + String.join(" ", command)
                + "\n"
                + Files.readString(output));
      }
      return new Said(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }

  /**
   * Runs a command that must succeed.
   *
   * @return what it said
   */
  public static String ok(Duration within, List<String> command)
      throws IOException, InterruptedException {
    Said said = run(within, command);
    if (said.status() != 0) {
      throw new AssertionError(
          "status " + said.status() + " of: " + String.join(" ", command) + "\n" + said.output());
    }
    return said.output();
  }
}
