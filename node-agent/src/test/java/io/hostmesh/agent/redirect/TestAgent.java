package io.hostmesh.agent.redirect;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Stands where an agent would: greets each captured connection with the port that it came to and
 * where it was going.
 */
final class TestAgent implements AutoCloseable {
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final List<Channel> listeners = new ArrayList<>();

  TestAgent(TestHost host) throws Exception {
    for (int port : new int[] {CapturePorts.DEFAULT.outbound(), CapturePorts.DEFAULT.inbound()}) {
      String name = port == CapturePorts.DEFAULT.outbound() ? "outbound" : "inbound";
      listeners.add(host.call(() -> listen(name, port)));
    }
  }

  private Channel listen(String name, int port) {
    return new ServerBootstrap()
        .group(loops)
        .channel(EpollServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel connection) {
                connection.pipeline().addLast(new Greeting(name));
              }
            })
        .bind(new InetSocketAddress("::", port))
        .syncUninterruptibly()
        .channel();
  }

  private static final class Greeting extends ChannelInboundHandlerAdapter {
    private final String name;

    Greeting(String name) {
      this.name = name;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      String line =
          OriginalDestination.of(context.channel())
              .map(to -> name + " " + to.getAddress().getHostAddress() + " " + to.getPort())
              .orElse(name + " called itself");
      var _ =
          context
              .writeAndFlush(Unpooled.copiedBuffer(line + "\n", StandardCharsets.UTF_8))
              .addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void close() {
    listeners.forEach(listener -> listener.close().syncUninterruptibly());
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
