package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Joins two byte streams until both ended: bytes, ends and resets arrive on the other side as they
 * were sent, each side only as fast as the other takes them. Both channels belong to one event loop
 * and are not read but by this.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class Relay {
  /** Gets what happened when both sides are closed. */
  @FunctionalInterface
  public interface Ended {
    /**
     * @param failure null where both sides ended in order
     */
    void ended(@Nullable Failure failure, long fromCaller, long toCaller);
  }

  private final Side caller;
  private final Side service;
  private final Ended ended;
  private @Nullable Failure failure;
  private int closed;

  private Relay(Channel caller, Channel service, Ended ended) {
    this.caller = new Side(this, caller, Failure.Kind.CALLER_GONE, "the caller");
    this.service = new Side(this, service, Failure.Kind.UPSTREAM_RESET, "the service's side");
    this.ended = ended;
    this.caller.peer = this.service;
    this.service.peer = this.caller;
  }

  /** Begins to move bytes. */
  public static void join(Channel caller, Channel service, Ended ended) {
    Relay relay = new Relay(caller, service, ended);
    relay.caller.begin();
    relay.service.begin();
  }

  private void broken(Side side, String how) {
    if (failure == null) {
      failure = new Failure(side.kind, side.name + " " + how);
    }
    Resets.reset(caller.channel);
    Resets.reset(service.channel);
  }

  private void closed() {
    closed++;
    if (closed == 2) {
      ended.ended(failure, caller.bytes, service.bytes);
    }
  }

  private static final class Side extends ChannelInboundHandlerAdapter {
    private final Relay relay;
    private final Channel channel;
    private final Failure.Kind kind;
    private final String name;
    private @Nullable Side peer;
    private long bytes;
    private boolean inputEnded;
    private boolean outputEnded;

    Side(Relay relay, Channel channel, Failure.Kind kind, String name) {
      this.relay = relay;
      this.channel = channel;
      this.kind = kind;
      this.name = name;
    }

    private Side peer() {
      Side other = peer;
      if (other == null) {
        throw new IllegalStateException("a relay has two sides");
      }
      return other;
    }

    void begin() {
      channel.pipeline().addLast("relay", this);
      channel.closeFuture().addListener(_ -> gone());
      if (channel.pipeline().get(EarlyBytes.class) != null) {
        channel.pipeline().remove(EarlyBytes.class);
      }
      if (channel.isActive() && !inputEnded) {
        channel.read();
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof ByteBuf buffer) {
        bytes += buffer.readableBytes();
        peer().channel.write(buffer, peer().channel.voidPromise());
      } else {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      Channel to = peer().channel;
      to.flush();
      if (to.isWritable() && !inputEnded) {
        ctx.read();
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      if (ctx.channel().isWritable() && !peer().inputEnded) {
        peer().channel.read();
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof ChannelInputShutdownEvent) {
        if (!inputEnded) {
          inputEnded = true;
          peer().endOutput();
        }
      } else if (event instanceof Http2ResetFrame) {
        relay.broken(this, "reset the connection");
      } else {
        ctx.fireUserEventTriggered(event);
      }
    }

    /** Sends the end behind all bytes; closes where the other direction has ended as well. */
    private void endOutput() {
      outputEnded = true;
      if (channel instanceof DuplexChannel duplex) {
        channel
            .writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(_ -> duplex.shutdownOutput().addListener(_ -> closeIfOver()));
      } else {
        channel.writeAndFlush(new DefaultHttp2DataFrame(true)).addListener(_ -> closeIfOver());
      }
    }

    private void closeIfOver() {
      if (inputEnded && outputEnded) {
        channel.close();
      }
      Side other = peer();
      if (other.inputEnded && other.outputEnded && other.channel instanceof DuplexChannel) {
        other.channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> other.channel.close());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      relay.broken(this, "broke: " + cause.getMessage());
    }

    private void gone() {
      if (!inputEnded || !outputEnded) {
        relay.broken(this, "closed before the end");
      }
      relay.closed();
    }
  }
}
