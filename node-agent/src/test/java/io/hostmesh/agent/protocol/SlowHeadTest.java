package io.hostmesh.agent.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.runtime.loops.EpollLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In the cases, | is CR LF. */
@Timeout(30)
class SlowHeadTest {
  private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, new EpollLoops());
  private final ChannelGroup open = new DefaultChannelGroup(loops.next());
  private InetSocketAddress address = new InetSocketAddress(0);

  /** Answers every request at once. */
  private static final class Refusing implements HttpService {
    @Override
    public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
      return new HttpExchange(caller, head) {
        @Override
        protected void admit() {
          refuse(new Failure(Failure.Kind.NO_ROUTE, "nobody is there"));
        }

        @Override
        protected boolean again(Failure why) {
          return false;
        }

        @Override
        protected void answering(HttpResponse response) {}

        @Override
        protected void ended(Outcome outcome) {}
      };
    }

    @Override
    public void refused(Failure failure) {}
  }

  @BeforeEach
  void listen() {
    HttpLimits limits = new HttpLimits(1000, 1000, Duration.ofMillis(200));
    Channel server =
        new ServerBootstrap()
            .group(loops)
            .channel(EpollServerSocketChannel.class)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    open.add(accepted);
                    accepted
                        .pipeline()
                        .addLast(
                            new OnDemand(), new HttpVersionSwitch(new Refusing(), limits, _ -> {}));
                    OnDemand.of(accepted).read();
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
    address = (InetSocketAddress) server.localAddress();
  }

  @AfterEach
  void stop() {
    open.close().syncUninterruptibly();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private String answers(String sent) throws Exception {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.getOutputStream().write(sent.replace("|", "\r\n").getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"G", "GET / HTTP/1.1|Host", "GET / HTTP/1.1|Host: a|", "PRI * HT"})
  void aHeadThatIsNotCompleteInTimeGets408(String begun) throws Exception {
    assertThat(answers(begun)).startsWith("HTTP/1.1 408 ").contains("connection: close");
  }

  @ParameterizedTest
  @ValueSource(strings = {"G", "GET / HTTP/1.1|Host", "GET / HTTP/1.1|Host: a|"})
  void soDoesOneThatCameBehindAnotherRequest(String begun) throws Exception {
    assertThat(answers("GET / HTTP/1.1|Host: a||" + begun))
        .startsWith("HTTP/1.1 503 ")
        .contains("HTTP/1.1 408 ");
  }

  @Test
  void aConnectionWithoutARequestMayWait() throws Exception {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII)).endsWith("503");
      // Another connection's limit, begun later, is over before this one is used again.
      assertThat(answers("G")).startsWith("HTTP/1.1 408 ");
      socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
      socket.shutdownOutput();
      String all = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      assertThat(all).contains("HTTP/1.1 503 ").doesNotContain("408");
    }
  }
}
