package io.hostmesh.e2e.stories;

import java.io.IOException;
import java.util.List;

/** A program that is ended with the block that started it. */
record AutoCloseableProcess(Process process) implements AutoCloseable {
  static AutoCloseableProcess start(List<String> command) throws IOException {
    return new AutoCloseableProcess(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
