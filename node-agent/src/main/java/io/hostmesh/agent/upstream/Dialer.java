package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.OnDemand;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** Opens connections to applications and judges them before their first byte. Any thread. */
public final class Dialer {
  /** {@code SOL_SOCKET}, {@code SO_MARK} of asm-generic/socket.h. */
  private static final IntegerUnixChannelOption SO_MARK =
      new IntegerUnixChannelOption("SO_MARK", 1, 36);

  private final Sockets sockets;

  public Dialer(Sockets sockets) {
    this.sockets = sockets;
  }

  /**
   * @param connected the connection, not read yet, or an {@link UpstreamException}
   */
  public void dial(Application application, EventLoop loop, Promise<Channel> connected) {
    Bootstrap bootstrap =
        sockets.client(loop).option(ChannelOption.ALLOW_HALF_CLOSURE, true).handler(new OnDemand());
    if (application.from().isPresent() && EpollSocketChannel.class.equals(sockets.type())) {
      // The port is chosen when connecting: as many as there are towards each destination.
      bootstrap.option(EpollChannelOption.IP_BIND_ADDRESS_NO_PORT, true);
      OptionalInt mark = application.from().get().mark();
      if (mark.isPresent()) {
        bootstrap.option(EpollChannelOption.IP_TRANSPARENT, true);
        bootstrap.option(SO_MARK, mark.getAsInt());
      }
    }
    ChannelFuture connecting =
        application
            .from()
            .map(from -> bootstrap.connect(application.address(), from.anyPort()))
            .orElseGet(() -> bootstrap.connect(application.address()));
    connecting.addListener(
        done -> {
          if (done.isSuccess()) {
            judge(application, connecting.channel(), connected);
          } else {
            connected.tryFailure(
                new UpstreamException(UpstreamException.of(done.cause(), application.toString())));
          }
        });
  }

  private static void judge(Application application, Channel channel, Promise<Channel> connected) {
    application
        .gate()
        .judge(
            (InetSocketAddress) channel.localAddress(),
            (InetSocketAddress) channel.remoteAddress(),
            channel.eventLoop(),
            refusal -> judged(channel, refusal, connected));
  }

  @SuppressWarnings("FutureReturnValueIgnored") // The channel's end is all that matters.
  private static void judged(
      Channel channel, Optional<String> refusal, Promise<Channel> connected) {
    if (refusal.isPresent()) {
      channel.close();
      connected.tryFailure(
          new UpstreamException(new Failure(Failure.Kind.LISTENER_REFUSED, refusal.get())));
    } else if (!connected.trySuccess(channel)) {
      channel.close();
    }
  }
}
