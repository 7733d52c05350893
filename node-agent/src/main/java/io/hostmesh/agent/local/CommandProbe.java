package io.hostmesh.agent.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A check by a command: the agent's user runs it, without a shell.
 *
 * @param timeout it is killed then
 */
record CommandProbe(List<String> command, Duration timeout) {
  private static final int MOST_OUTPUT = 4096;

  /** Runs it to its end. Blocking. Returns why it failed: its first line, or its status. */
  Optional<String> run() {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
    } catch (IOException e) {
      return Optional.of(command.getFirst() + " cannot be started: " + e.getMessage());
    }
    StringBuilder output = new StringBuilder();
    Thread reader = Thread.ofVirtual().start(() -> read(process, output));
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        return Optional.of("no end in time");
      }
      if (process.exitValue() == 0) {
        return Optional.empty();
      }
      reader.join(Duration.ofMillis(200)); // A child of the command may hold the pipe for ever.
      String line = firstLine(output);
      return Optional.of("status " + process.exitValue() + (line.isEmpty() ? "" : ": " + line));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static void read(Process process, StringBuilder output) {
    try {
      byte[] bytes = process.getInputStream().readNBytes(MOST_OUTPUT);
      synchronized (output) {
        output.append(new String(bytes, StandardCharsets.UTF_8));
      }
      process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      synchronized (output) {
        output.append("(its output cannot be read: ").append(e.getMessage()).append(")");
      }
    }
  }

  private static String firstLine(StringBuilder output) {
    synchronized (output) {
      return output
          .toString()
          .lines()
          .map(String::strip)
          .filter(l -> !l.isEmpty())
          .findFirst()
          .orElse("");
    }
  }
}
