package io.hostmesh.agent;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one timer of the data path, on the first event loop that has work: what is looked at every
 * second. Any thread.
 */
final class Ticks {
  private Runnable what = () -> {};
  private @Nullable ScheduledFuture<?> timer;
  private boolean ended;

  synchronized void begin(Runnable each) {
    what = each;
  }

  /** A loop has begun to work. */
  synchronized void on(EventLoop loop) {
    if (timer == null && !ended) {
      timer = loop.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
    }
  }

  private void tick() {
    Runnable now;
    synchronized (this) {
      now = what;
    }
    now.run();
  }

  synchronized void end() {
    ended = true;
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
