package io.hostmesh.citadel;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * Runs work that waits (registry, disk, keys) on virtual threads, a bounded number at a time, and
 * brings the result back to the event loop that asked.
 */
final class Offload implements AutoCloseable {
  private static final int AT_ONCE = 128;

  private final Vertx vertx;
  private final Semaphore room = new Semaphore(AT_ONCE);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("citadel-", 0).factory());

  Offload(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * @return fails with {@link Refusal} where too much is under way
   */
  <T> Future<T> call(Callable<T> work) {
    if (!room.tryAcquire()) {
      return Future.failedFuture(
          new Refusal(Refusal.Reason.UNAVAILABLE, "citadel is busy; try again"));
    }
    Context context = vertx.getOrCreateContext();
    Promise<T> result = Promise.promise();
    threads.execute(
        () -> {
          try {
            T value = work.call();
            context.runOnContext(_ -> result.complete(value));
          } catch (Exception | Error e) {
            context.runOnContext(_ -> result.fail(e));
          } finally {
            room.release();
          }
        });
    return result.future();
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
