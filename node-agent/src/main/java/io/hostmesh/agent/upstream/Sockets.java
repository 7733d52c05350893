package io.hostmesh.agent.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.time.Duration;

/** How this agent opens connections. Any thread. */
public record Sockets(Settings settings, Class<? extends SocketChannel> type) {

  /**
   * Bounds on waiting.
   *
   * @param connectTimeout for the other kernel's answer, which takes no time unless its host is
   *     gone
   * @param handshakeTimeout for the other agent's, which may just be starting: its socket accepts
   *     for it meanwhile
   */
  public record Settings(Duration connectTimeout, Duration handshakeTimeout) {
    public static final Settings DEFAULT =
        new Settings(Duration.ofSeconds(2), Duration.ofSeconds(8));
  }

  public static Sockets epoll(Settings settings) {
    return new Sockets(settings, EpollSocketChannel.class);
  }

  /** A connection on this loop; Netty sets TCP_NODELAY by itself. */
  Bootstrap client(EventLoop loop) {
    return new Bootstrap()
        .group(loop)
        .channel(type)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) settings.connectTimeout().toMillis())
        .option(ChannelOption.SO_KEEPALIVE, true);
  }
}
