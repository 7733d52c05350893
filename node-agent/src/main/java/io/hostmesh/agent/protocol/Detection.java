package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what the caller of a service without a declared protocol speaks, and gives way to the
 * handlers of that. A caller that waits for the service to speak first is not kept waiting: it is
 * taken for bytes when nothing has come for a moment, and so is one that stops in the middle of
 * what may be a request line. Used by its event loop only, behind an {@link OnDemand}.
 */
public final class Detection extends ChannelInboundHandlerAdapter {
  /** How long a caller may be silent before it is taken for one that waits. */
  public static final Duration SILENCE = Duration.ofMillis(50);

  /** Gets what was found, once. */
  public interface Road {
    /**
     * HTTP, as {@link FirstBytes#HTTP1} or {@link FirstBytes#HTTP2}; adds the handlers that read
     * it, behind all others.
     */
    void http(boolean http2);

    /** Anything else; what has come is back in the channel's {@link OnDemand}. */
    void bytes();
  }

  private final Road road;
  private @Nullable ByteBuf early;
  private @Nullable ScheduledFuture<?> patience;
  private boolean read;
  private boolean decided;

  public Detection(Road road) {
    this.road = road;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    // Not from within the initialisation of the channel, whose pipeline is not complete.
    ctx.executor().execute(() -> begin(ctx));
  }

  private void begin(ChannelHandlerContext ctx) {
    if (!decided && ctx.channel().isActive()) {
      waitFor(ctx);
      OnDemand.of(ctx.channel()).read();
    }
  }

  private void waitFor(ChannelHandlerContext ctx) {
    stopWaiting();
    patience =
        ctx.executor().schedule(() -> silent(ctx), SILENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void stopWaiting() {
    if (patience != null) {
      patience.cancel(false);
    }
  }

  private void silent(ChannelHandlerContext ctx) {
    if (!decided) {
      decide(ctx, FirstBytes.OTHER, false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (decided || !(message instanceof ByteBuf bytes)) {
      ctx.fireChannelRead(message);
      return;
    }
    ByteBuf all =
        early == null
            ? bytes
            : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), early, bytes);
    early = all;
    FirstBytes found = FirstBytes.of(all);
    if (found == FirstBytes.UNDECIDED) {
      read = true;
    } else {
      decide(ctx, found, false);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (!decided && read) {
      read = false;
      waitFor(ctx);
      OnDemand.of(ctx.channel()).read();
    }
    ctx.fireChannelReadComplete();
  }

  private void decide(ChannelHandlerContext ctx, FirstBytes found, boolean ended) {
    decided = true;
    stopWaiting();
    ByteBuf bytes = early;
    early = null;
    if (found == FirstBytes.HTTP1 || found == FirstBytes.HTTP2) {
      road.http(found == FirstBytes.HTTP2);
      if (bytes != null) {
        ctx.fireChannelRead(bytes);
      }
      ctx.pipeline().remove(this);
    } else {
      OnDemand.of(ctx.channel()).putBack(bytes, ended);
      ctx.pipeline().remove(this);
      road.bytes();
    }
  }

  /** No more bytes can come. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent && !decided) {
      decide(ctx, FirstBytes.OTHER, true);
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    decided = true;
    stopWaiting();
    ReferenceCountUtil.release(early);
    early = null;
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    var _ = ctx.close();
  }
}
