package io.hostmesh.agent.protocol;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sees the bytes before the decoder does, and tells its connection when a head that began is not
 * complete in time. Used by its event loop only.
 */
final class SlowHead extends ChannelInboundHandlerAdapter {
  private final HttpLimits limits;
  private final H1Server server;
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable ScheduledFuture<?> deadline;

  SlowHead(HttpLimits limits, H1Server server) {
    this.limits = limits;
    this.server = server;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
  }

  /** Some of a head has come, and not all. */
  void begin() {
    if (deadline == null && ctx != null) {
      deadline =
          ctx.executor()
              .schedule(server::headTooSlow, limits.headTime().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ctx.fireChannelRead(message);
    if (server.hasPartOfHead()) {
      begin();
    } else {
      stop();
    }
  }

  private void stop() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  /** Whether a head has begun and is not complete. */
  boolean counting() {
    return deadline != null;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    stop();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    stop();
    ctx.fireChannelInactive();
  }
}
