package io.hostmesh.runtime.identity;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.function.BooleanSupplier;

/**
 * Looks again and again whether something is due: often while something is awaited, once a second
 * when all is well, since an idle agent should let its host sleep. Its work runs on one context.
 */
final class Ticks implements AutoCloseable {
  private static final long AWAITING_MS = 100;
  private static final long SETTLED_MS = 1000;

  /** No timer has this number; the first has 0. */
  private static final long NONE = -1;

  private final Vertx vertx;
  private final Context context;
  private final BooleanSupplier settled;
  private final Runnable work;
  private long timer = NONE;
  private boolean closed;

  /**
   * @param settled whether nothing is awaited; asked after each look, on the context
   * @param work one look
   */
  Ticks(Vertx vertx, Context context, BooleanSupplier settled, Runnable work) {
    this.vertx = vertx;
    this.context = context;
    this.settled = settled;
    this.work = work;
  }

  /** Looks now, and goes on from there. Any thread. */
  void now() {
    context.runOnContext(_ -> look());
  }

  private void look() {
    if (closed) {
      return;
    }
    vertx.cancelTimer(timer);
    try {
      work.run();
    } finally {
      timer = vertx.setTimer(settled.getAsBoolean() ? SETTLED_MS : AWAITING_MS, _ -> look());
    }
  }

  @Override
  public void close() {
    context.runOnContext(
        _ -> {
          closed = true;
          vertx.cancelTimer(timer);
        });
  }
}
