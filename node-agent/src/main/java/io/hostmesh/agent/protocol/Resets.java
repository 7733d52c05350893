package io.hostmesh.agent.protocol;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;

/** Ends that the other side sees as broken, not as complete. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class Resets {
  private Resets() {}

  /** RST in place of FIN. */
  public static void reset(Channel channel) {
    if (!channel.isOpen()) {
      return;
    }
    if (channel instanceof SocketChannel) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    channel.close();
  }
}
