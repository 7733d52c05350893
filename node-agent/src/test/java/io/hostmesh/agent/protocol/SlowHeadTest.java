package io.hostmesh.agent.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.runtime.loops.EpollLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SlowHeadTest {
  private static final class Nothing implements HttpService {
    @Override
    public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
      throw new IllegalStateException("no head was complete");
    }

    @Override
    public void refused(Failure failure) {}
  }

  @Test
  void aHeadThatIsNotCompleteInTimeGets408() throws Exception {
    HttpLimits limits = new HttpLimits(1000, 1000, Duration.ofMillis(200));
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, new EpollLoops());
    try {
      Channel server =
          new ServerBootstrap()
              .group(loops)
              .channel(EpollServerSocketChannel.class)
              .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
              .childHandler(
                  new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel accepted) {
                      accepted.config().setAutoRead(false);
                      H1Server.install(accepted.pipeline(), new Nothing(), limits);
                      accepted.eventLoop().execute(accepted::read);
                    }
                  })
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .syncUninterruptibly()
              .channel();
      InetSocketAddress address = (InetSocketAddress) server.localAddress();
      try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
        socket
            .getOutputStream()
            .write("GET / HTTP/1.1\r\nHost".getBytes(StandardCharsets.US_ASCII));
        assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
            .startsWith("HTTP/1.1 408 ");
      }
    } finally {
      loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }
}
