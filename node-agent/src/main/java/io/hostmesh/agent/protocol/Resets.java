package io.hostmesh.agent.protocol;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2StreamChannel;

/** Ends that the other side sees as broken, not as complete. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class Resets {
  private Resets() {}

  /** RST for a TCP connection, RST_STREAM for a stream. */
  public static void reset(Channel channel) {
    if (!channel.isOpen()) {
      return;
    }
    if (channel instanceof Http2StreamChannel) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CONNECT_ERROR));
    } else if (channel instanceof SocketChannel) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    channel.close();
  }
}
