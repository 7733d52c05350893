package io.hostmesh.runtime.identity;

import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Work with files and keys, off the event loop. */
final class Blocking {
  private Blocking() {}

  /** The result comes back on the context; the work never returns null. */
  static <T> Future<T> run(Context context, Callable<T> work) {
    return context.executeBlocking(work).map(Objects::requireNonNull);
  }
}
