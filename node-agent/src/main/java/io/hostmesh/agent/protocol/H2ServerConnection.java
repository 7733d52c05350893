package io.hostmesh.agent.protocol;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connection around a server's HTTP/2 streams: ends without losing one. Used by its event loop
 * only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class H2ServerConnection extends ChannelInboundHandlerAdapter implements Drainable {
  private @Nullable ChannelHandlerContext ctx;
  private int streams;
  private boolean draining;

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
  }

  void opened(Http2StreamChannel stream) {
    streams++;
    stream.closeFuture().addListener(_ -> closed());
  }

  private void closed() {
    streams--;
    if (draining && streams == 0) {
      closeLater();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object frame) {
    ReferenceCountUtil.release(frame); // Settings, pings and the like: the codec has acted on them.
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    System.getLogger(H2ServerConnection.class.getName())
        .log(System.Logger.Level.DEBUG, () -> "on " + context.channel(), cause);
  }

  /** Tells the client to open no more streams; those it opens meanwhile are still served. */
  @Override
  public void drain() {
    ChannelHandlerContext context = ctx;
    if (draining || context == null) {
      return;
    }
    draining = true;
    context.writeAndFlush(
        new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR).setExtraStreamIds(Integer.MAX_VALUE / 2));
    closeLater();
  }

  private void closeLater() {
    ChannelHandlerContext context = ctx;
    if (context != null) {
      context
          .executor()
          .schedule(
              () -> {
                if (streams == 0) {
                  context.close();
                }
              },
              IDLE_GRACE.toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }
}
