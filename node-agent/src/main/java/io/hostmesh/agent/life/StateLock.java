package io.hostmesh.agent.life;

import io.hostmesh.runtime.UserError;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Who may write the state files: of two generations of an agent, the older one until it ends. The
 * kernel frees the lock however it ends. Safe for any thread.
 */
final class StateLock implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StateLock.class.getName());
  private static final long LOOK_MILLIS = 100;
  private static final String FILE = "lock";

  private final Vertx vertx;
  private final FileChannel channel;
  private final Runnable acquired;
  private volatile @Nullable FileLock lock;
  private volatile boolean closed;

  private StateLock(Vertx vertx, FileChannel channel, Runnable acquired) {
    this.vertx = vertx;
    this.channel = channel;
    this.acquired = acquired;
  }

  /**
   * Takes the lock, or waits for it in the background.
   *
   * @param acquired called where it comes later than now
   * @throws UserError where the folder cannot be written
   */
  static StateLock take(Vertx vertx, Path folder, Runnable acquired) {
    try {
      FileChannel channel =
          FileChannel.open(
              folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      StateLock lock = new StateLock(vertx, channel, acquired);
      if (!lock.attempt()) {
        LOG.log(
            System.Logger.Level.INFO,
            "another generation of the agent owns {0}; reading only, until it ends",
            folder);
        lock.lookLater();
      }
      return lock;
    } catch (IOException e) {
      throw new UserError(
          "state-dir: cannot use " + folder.resolve(FILE) + ": " + e + "; check owner and mode", e);
    }
  }

  boolean isOwner() {
    return lock != null;
  }

  private void lookLater() {
    vertx.setTimer(
        LOOK_MILLIS,
        _ -> {
          if (closed) {
            return;
          }
          try {
            if (attempt()) {
              LOG.log(System.Logger.Level.INFO, "now the owner of the state files");
              acquired.run();
            } else {
              lookLater();
            }
          } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "cannot look after the state files' lock", e);
          }
        });
  }

  private boolean attempt() throws IOException {
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException _) {
      return false; // The other generation is in this process, as in tests.
    }
    return lock != null;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    lock = null;
    channel.close();
  }
}
