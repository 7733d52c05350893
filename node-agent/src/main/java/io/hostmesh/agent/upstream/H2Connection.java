package io.hostmesh.agent.upstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.TimeUnit;

/** One HTTP/2 connection that this agent opened. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class H2Connection {
  /** Without a byte for so long while streams are open, the peer is asked whether it lives. */
  private static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long DEAD_NANOS = TimeUnit.SECONDS.toNanos(8);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

  final Promise<Channel> ready;
  private final Object credentials;
  int streams;
  private int peerLimit = Integer.MAX_VALUE;
  private boolean retired;
  private long lastReadNanos;
  private long lastUsedNanos = System.nanoTime();

  H2Connection(Promise<Channel> ready, Object credentials) {
    this.ready = ready;
    this.credentials = credentials;
  }

  @SuppressWarnings("ReferenceEquality") // New credentials are another object.
  boolean isMadeWith(Object current) {
    return credentials == current;
  }

  boolean hasRoom(int limit) {
    return !retired && streams < Math.min(limit, peerLimit);
  }

  /** The connection is open. */
  void begin() {
    lastReadNanos = System.nanoTime();
    Channel channel = ready.getNow();
    channel.pipeline().addFirst("liveness", new Liveness());
    channel.pipeline().addLast("h2-events", new Events());
  }

  void streamClosed() {
    streams--;
    lastUsedNanos = System.nanoTime();
    if (retired && streams == 0) {
      close();
    }
  }

  /** Takes no more streams, and closes behind the last one. */
  void retire() {
    retired = true;
    if (streams == 0) {
      close();
    }
  }

  void close() {
    if (ready.isSuccess()) {
      ready.getNow().close();
    }
  }

  void sweep(long nowNanos) {
    if (!ready.isSuccess()) {
      return;
    }
    Channel channel = ready.getNow();
    if (streams == 0) {
      if (nowNanos - lastUsedNanos > IDLE_NANOS) {
        channel.close();
      }
    } else if (nowNanos - lastReadNanos > DEAD_NANOS) {
      channel.close();
    } else if (nowNanos - lastReadNanos > SILENT_NANOS) {
      channel.writeAndFlush(new DefaultHttp2PingFrame(nowNanos, false));
    }
  }

  private final class Liveness extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      lastReadNanos = System.nanoTime();
      ctx.fireChannelRead(message);
    }
  }

  private final class Events extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
      switch (frame) {
        case Http2GoAwayFrame _ -> retire();
        case Http2SettingsFrame settings -> {
          Long limit = settings.settings().maxConcurrentStreams();
          if (limit != null) {
            peerLimit = (int) Math.min(limit, Integer.MAX_VALUE);
          }
        }
        default -> {}
      }
      ReferenceCountUtil.release(frame);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      System.getLogger(H2Connection.class.getName())
          .log(System.Logger.Level.DEBUG, () -> "on " + ctx.channel(), cause);
      retire();
    }
  }
}
