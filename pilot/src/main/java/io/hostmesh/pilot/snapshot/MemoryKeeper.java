package io.hostmesh.pilot.snapshot;

import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the newest {@link MeshMemory} on disk, at most one write a second, on a thread of its own.
 */
public final class MemoryKeeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MemoryKeeper.class.getName());
  private static final String FILE = "last-good.json";
  private static final long PAUSE_MS = 1_000;

  private final StateFiles files;
  private final Thread writer;
  private @Nullable Published due; // Guarded by this.
  private boolean closed; // Guarded by this.

  public MemoryKeeper(StateFiles files) {
    this.files = files;
    this.writer = Thread.ofVirtual().name("memory").unstarted(this::run);
  }

  /** What an earlier run left; empty where there is nothing that can be used. */
  public Optional<MeshMemory> read() {
    try {
      return files.read(FILE).map(MeshMemory::read);
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          files.path(FILE) + " cannot be used, so the registry is waited for: " + e.getMessage());
      return Optional.empty();
    }
  }

  public void start() {
    writer.start();
  }

  /** Keeps this one, soon. */
  public synchronized void keep(Published published) {
    due = published;
    notifyAll();
  }

  private void run() {
    try {
      Optional<Published> next = take();
      while (next.isPresent()) {
        write(next.get());
        Thread.sleep(PAUSE_MS);
        next = take();
      }
    } catch (InterruptedException e) {
      LOG.log(System.Logger.Level.DEBUG, "closed", e);
    }
  }

  private synchronized Optional<Published> take() throws InterruptedException {
    while (!closed && due == null) {
      wait();
    }
    Optional<Published> taken = Optional.ofNullable(due);
    due = null;
    return taken;
  }

  private void write(Published published) {
    try {
      files.write(FILE, MeshMemory.of(published).write());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          files.path(FILE)
              + " cannot be written ("
              + e.getMessage()
              + "); a restart while the registry is away would begin empty. Is the disk full?");
    }
  }

  /** Writes what is due, and ends. */
  @Override
  public void close() {
    Published last;
    synchronized (this) {
      closed = true;
      last = due;
      due = null;
      notifyAll();
    }
    writer.interrupt();
    if (last != null) {
      write(last);
    }
  }
}
