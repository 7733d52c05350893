package io.hostmesh.agent.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.systemd.ListenFds;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.unix.UnixChannel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListeningSocketsTest {
  private Vertx vertx;

  @BeforeEach
  void start() {
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
  }

  @AfterEach
  void stop() {
    vertx.close().await();
  }

  private static ChannelInitializer<Channel> greeting(String line) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel connection) {
        connection
            .pipeline()
            .addLast(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelActive(ChannelHandlerContext context) {
                    var _ =
                        context
                            .writeAndFlush(Unpooled.copiedBuffer(line, StandardCharsets.UTF_8))
                            .addListener(ChannelFutureListener.CLOSE);
                  }
                });
      }
    };
  }

  private static InetSocketAddress any() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static String greeted(Channel listener) throws IOException {
    InetSocketAddress address = (InetSocketAddress) listener.localAddress();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void whatIsNotPassedIsOpenedHere() throws Exception {
    ListeningSockets sockets = new ListeningSockets(vertx, Map.of());
    Channel listener =
        sockets.serve(ListeningSockets.MESH, List.of(any()), greeting("opened")).getFirst();

    assertThat(sockets.isPassed(ListeningSockets.MESH)).isFalse();
    assertThat(greeted(listener)).isEqualTo("opened");
    listener.close().syncUninterruptibly();
  }

  @Test
  void twoGenerationsServeOnePassedSocketOneAfterTheOther() throws Exception {
    // Whoever passes a socket keeps a descriptor of its own; the second one stands for it.
    Channel opened =
        new ListeningSockets(vertx, Map.of())
            .serve("opened", List.of(any()), greeting("opened"))
            .getFirst();
    int first = duplicate(opened);
    int second = duplicate(opened);
    opened.close().syncUninterruptibly();

    Channel old = passed(first).serve("mesh", List.of(), greeting("old")).getFirst();
    assertThat(greeted(old)).isEqualTo("old");
    old.close().syncUninterruptibly();

    Channel young = passed(second).serve("mesh", List.of(), greeting("young")).getFirst();
    assertThat(greeted(young)).isEqualTo("young");
    young.close().syncUninterruptibly();
  }

  private ListeningSockets passed(int fd) {
    return new ListeningSockets(
        vertx,
        Map.of(
            "mesh6",
            List.of(new ListenFds.Passed("mesh6", fd, ListenFds.Kind.STREAM_LISTENER, false))));
  }

  private static int duplicate(Channel channel) throws Exception {
    var dup =
        io.hostmesh.runtime.linux.Libc.function(
            "dup",
            java.lang.foreign.FunctionDescriptor.of(
                java.lang.foreign.ValueLayout.JAVA_INT, java.lang.foreign.ValueLayout.JAVA_INT));
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      return (int)
          dup.invokeExact(
              io.hostmesh.runtime.linux.Libc.callState(arena),
              ((UnixChannel) channel).fd().intValue());
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anAddressInUseIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();
      ListeningSockets sockets = new ListeningSockets(vertx, Map.of());

      assertThatThrownBy(
              () -> sockets.serve(ListeningSockets.OUTBOUND, List.of(address), greeting("")))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("cannot listen for outbound on")
          .hasMessageContaining(":" + taken.getLocalPort())
          .hasMessageContaining("Address already in use");
    }
  }

  @Test
  void aSocketOfTheWrongKindIsRefused() {
    ListeningSockets sockets =
        new ListeningSockets(
            vertx,
            Map.of(
                "dns-udp",
                List.of(
                    new ListenFds.Passed("dns-udp", 3, ListenFds.Kind.STREAM_LISTENER, false))));

    assertThatThrownBy(
            () -> sockets.datagrams(ListeningSockets.DNS_UDP, List.of(any()), greeting("")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("\"dns-udp\" is a listening stream socket");
  }
}
