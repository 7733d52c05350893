package io.hostmesh.agent.protocol;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;

/**
 * Keeps what a connection brings before somebody takes it: epoll reads what is there when the peer
 * ends its side, asked or not. At most one read's worth. Used by its event loop only.
 */
public final class EarlyBytes extends ChannelInboundHandlerAdapter {
  private final ArrayDeque<Object> messages = new ArrayDeque<>(2);
  private boolean ended;

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    messages.add(message);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      ended = true;
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    var _ = ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    messages.forEach(ReferenceCountUtil::release);
    messages.clear();
    ctx.fireChannelInactive();
  }

  /** Somebody is behind us now. */
  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (!messages.isEmpty()) {
      messages.forEach(ctx::fireChannelRead);
      messages.clear();
      ctx.fireChannelReadComplete();
    }
    if (ended) {
      ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    }
  }
}
