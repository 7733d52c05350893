package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is read on demand: {@link #read} asks for what comes until the next end of a
 * batch. The kernel is read without being told each time, which would cost a system call for each
 * request; only when something comes that nobody wants is it kept, and reading paused. Stands first
 * in a pipeline, before anybody is behind it. Used by its event loop only.
 */
public final class OnDemand extends ChannelInboundHandlerAdapter {
  private final ArrayDeque<Object> held = new ArrayDeque<>(2);
  private @Nullable ChannelHandlerContext ctx;
  private boolean wanted;
  private boolean paused;
  private boolean delivered;
  private boolean delivering;

  /** That of a channel, which has one. */
  public static OnDemand of(Channel channel) {
    OnDemand found = channel.pipeline().get(OnDemand.class);
    if (found == null) {
      throw new IllegalStateException(channel + " is not read on demand");
    }
    return found;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
  }

  /** Asks for more; what is here already comes as soon as the event loop is free. */
  public void read() {
    wanted = true;
    ChannelHandlerContext context = ctx;
    if (context == null || context.isRemoved()) {
      return;
    }
    if (!held.isEmpty()) {
      if (!delivering) {
        delivering = true;
        context.executor().execute(this::deliver);
      }
    } else {
      resume(context);
    }
  }

  /**
   * Takes back what somebody has looked at; it comes again with the next {@link #read}.
   *
   * @param ended whether the peer's end came behind it
   */
  void putBack(@Nullable ByteBuf bytes, boolean ended) {
    if (ended) {
      held.addFirst(ChannelInputShutdownEvent.INSTANCE);
    }
    if (bytes != null) {
      held.addFirst(bytes);
    }
    wanted = false;
  }

  private void resume(ChannelHandlerContext context) {
    if (paused) {
      paused = false;
      context.channel().config().setAutoRead(true);
    }
  }

  private void deliver() {
    delivering = false;
    ChannelHandlerContext context = ctx;
    if (context == null || context.isRemoved() || !wanted || held.isEmpty()) {
      return;
    }
    passOn(context);
    if (wanted) {
      resume(context);
    }
  }

  private void passOn(ChannelHandlerContext context) {
    boolean bytes = false;
    Object next = held.poll();
    while (next != null) {
      if (next instanceof ChannelInputShutdownEvent) {
        context.fireUserEventTriggered(next);
      } else {
        bytes = true;
        context.fireChannelRead(next);
      }
      next = held.poll();
    }
    if (bytes) {
      wanted = false;
      context.fireChannelReadComplete();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (wanted && held.isEmpty()) {
      delivered = true;
      context.fireChannelRead(message);
      return;
    }
    held.add(message);
    if (!paused) {
      paused = true;
      context.channel().config().setAutoRead(false);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (delivered) {
      delivered = false;
      wanted = false;
      context.fireChannelReadComplete();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent
        && (!held.isEmpty() || context.pipeline().last() == this)) {
      held.add(event);
    } else {
      context.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (context.pipeline().last() == this) {
      var _ = context.close(); // Nobody is here yet who would.
    } else {
      context.fireExceptionCaught(cause);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    held.forEach(ReferenceCountUtil::release);
    held.clear();
    context.fireChannelInactive();
  }

  /** From here on, all is read as it comes. */
  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    if (!held.isEmpty()) {
      passOn(context);
    }
    if (paused) {
      paused = false;
      context.channel().config().setAutoRead(true);
    }
  }
}
