package io.hostmesh.pilot;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.OwnerLock;
import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Pilot's folder of state, owned by this process until it is closed. */
record PilotState(StateFiles files, OwnerLock lock) implements AutoCloseable {
  /**
   * Makes the folder where it is not there, and takes it.
   *
   * @throws UserError where it cannot be used, or another pilot has it
   */
  static PilotState own(Path folder) {
    try {
      StateFiles files = new StateFiles(folder);
      OwnerLock lock =
          OwnerLock.tryAcquire(files.path("lock"))
              .orElseThrow(
                  () ->
                      new UserError(
                          folder
                              + " (state-dir): another pilot runs with it; stop that one, or give"
                              + " this one a state-dir of its own"));
      return new PilotState(files, lock);
    } catch (IOException e) {
      throw new UserError(
          folder + " (state-dir) cannot be used: " + e.getMessage() + "; check its owner and mode",
          e);
    }
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
