package io.hostmesh.registry.embedded;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings the state to disk, many changes at a time: while one state is being written, the changes
 * that come meanwhile wait for the next. The server's event loop only; the writing is done on a
 * worker thread. Without a disk, all is done at once.
 */
final class Journal {
  private static final System.Logger LOG = System.getLogger(Journal.class.getName());

  private final Context context;
  private final Optional<Disk> disk;
  private final Supplier<Store> current;
  private long written;
  private boolean writing;
  private @Nullable Promise<Void> next;

  Journal(Context context, Optional<Disk> disk, Supplier<Store> current) {
    this.context = context;
    this.disk = disk;
    this.current = current;
    this.written = current.get().index();
  }

  /** Completes when the current state is on disk; fails where that fails. */
  Future<Void> kept() {
    if (disk.isEmpty() || (current.get().index() == written && !writing)) {
      return Future.succeededFuture();
    }
    Promise<Void> promise = next;
    if (promise == null) {
      promise = Promise.promise();
      next = promise;
    }
    if (!writing) {
      write(disk.get());
    }
    return promise.future();
  }

  private void write(Disk to) {
    Promise<Void> promise = next;
    if (promise == null) {
      return;
    }
    next = null;
    writing = true;
    Store store = current.get();
    context
        .executeBlocking(
            () -> {
              to.write(store);
              return store.index();
            })
        .onComplete(
            done -> {
              writing = false;
              if (done.succeeded()) {
                written = store.index();
                promise.complete();
              } else {
                LOG.log(
                    System.Logger.Level.ERROR,
                    "the state cannot be written: {0}; check data-dir",
                    done.cause().getMessage());
                promise.fail(done.cause());
              }
              write(to);
            });
  }
}
