package io.hostmesh.agent.discovery;

import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The last good configuration's place on disk. */
public final class MeshMemory {
  private static final System.Logger LOG = System.getLogger(MeshMemory.class.getName());
  static final String FILE = "mesh";

  private final StateFiles files;
  private final BooleanSupplier owner;

  /**
   * @param owner whether this process may write: of two generations, one may
   */
  public MeshMemory(StateFiles files, BooleanSupplier owner) {
    this.files = files;
    this.owner = owner;
  }

  /** Empty where there is none, or it cannot be used; the agent then waits for pilot. */
  Optional<LastGood> load() {
    try {
      Optional<byte[]> bytes = files.read(FILE);
      return bytes.isPresent() ? LastGood.decode(bytes.get()) : Optional.empty();
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the last good configuration in "
              + files.path(FILE)
              + " cannot be used; starting without, until a pilot answers",
          e);
      return Optional.empty();
    }
  }

  /**
   * Writes on a worker thread; a failure is logged and tried again with the next change.
   *
   * @return whether it was this process' to write
   */
  Future<Boolean> save(Vertx vertx, LastGood lastGood) {
    if (!owner.getAsBoolean()) {
      return Future.succeededFuture(false);
    }
    return vertx
        .executeBlocking(
            () -> {
              files.write(FILE, lastGood.encode());
              return true;
            })
        .map(_ -> true)
        .onFailure(
            failure ->
                LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot write " + files.path(FILE) + "; is the disk full?",
                    failure));
  }
}
