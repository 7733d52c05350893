package io.hostmesh.agent.protocol;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;

/** Ends of a connection that the other side gets behind all that was written. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class Ends {
  private Ends() {}

  /**
   * Ends our side; the other one may go on. Nothing may be written afterwards.
   *
   * @return is done when all that was written has gone out, and the end behind it
   */
  public static ChannelFuture output(Channel channel) {
    return channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> shutdown(channel));
  }

  /** Ends both sides, where the other one has ended or has nothing more to say. */
  public static void both(Channel channel) {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * The system call alone, where it can be had: {@link DuplexChannel#shutdownOutput} makes an
   * exception with a stack trace each time, for writes that might follow.
   */
  private static void shutdown(Channel channel) {
    if (channel instanceof UnixChannel unix && unix.fd() instanceof Socket socket) {
      try {
        if (channel.isActive()) {
          socket.shutdown(false, true);
        }
      } catch (IOException e) {
        channel.close(); // The other side has reset it.
      }
    } else {
      ((DuplexChannel) channel).shutdownOutput();
    }
  }
}
