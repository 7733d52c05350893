package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.Http2DataFrame;

/**
 * A TCP connection inside a CONNECT stream (RFC 9113 section 8.5): DATA frames outside, bytes
 * inside; END_STREAM is FIN and shows as a {@link ChannelInputShutdownEvent}. Used by its event
 * loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class ConnectMessages extends ChannelDuplexHandler {
  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof Http2DataFrame frame)) {
      ctx.fireChannelRead(message);
      return;
    }
    if (frame.content().isReadable()) {
      ctx.fireChannelRead(frame.content());
    } else {
      frame.release();
    }
    if (frame.isEndStream()) {
      ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    ctx.write(
        message instanceof ByteBuf bytes ? new DefaultHttp2DataFrame(bytes, false) : message,
        promise);
  }
}
