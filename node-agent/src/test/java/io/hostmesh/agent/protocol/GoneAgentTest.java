package io.hostmesh.agent.protocol;

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
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The host of a calling agent goes without a word: what it had open here ends. */
@Timeout(30)
class GoneAgentTest {
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int PING = 6;

  private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, new EpollLoops());
  private final CompletableFuture<Outcome> ended = new CompletableFuture<>();
  private InetSocketAddress address = new InetSocketAddress(0);

  /** Never answers. */
  private final class Waiting implements HttpService {
    @Override
    public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
      return new HttpExchange(caller, head) {
        @Override
        protected void admit() {}

        @Override
        protected boolean again(Failure why) {
          return false;
        }

        @Override
        protected void answering(HttpResponse response) {}

        @Override
        protected void ended(Outcome outcome) {
          ended.complete(outcome);
        }
      };
    }

    @Override
    public void refused(Failure failure) {}
  }

  @BeforeEach
  void listen() {
    Channel server =
        new ServerBootstrap()
            .group(loops)
            .channel(EpollServerSocketChannel.class)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    var _ =
                        H2Connections.serveAgent(
                            accepted.pipeline(), new Waiting(), Duration.ofMillis(500));
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
    address = (InetSocketAddress) server.localAddress();
  }

  @AfterEach
  void stop() {
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** A connection with one request under way. */
  private Socket asking() throws IOException {
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(20_000);
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(out, SETTINGS, 0, 0, new byte[0]);
    byte[] post = {(byte) 0x83, (byte) 0x86, (byte) 0x84}; // POST http /
    frame(out, HEADERS, 4, 1, post);
    return socket;
  }

  private static void frame(DataOutputStream out, int type, int flags, int stream, byte[] payload)
      throws IOException {
    out.writeByte(0);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    out.flush();
  }

  @Test
  void anAgentThatAnswersNoPingIsGone() throws Exception {
    try (Socket socket = asking()) {
      assertThat(ended.get(20, TimeUnit.SECONDS).flag()).isEqualTo("DC");
      socket.getInputStream().readAllBytes(); // To its end.
    }
  }

  @Test
  void anAgentThatAnswersMayLetItsRequestsWait() throws Exception {
    try (Socket socket = asking()) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      int pings = 0;
      while (pings < 4) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        in.skipNBytes(4);
        byte[] payload = in.readNBytes(length);
        if (type == PING && flags == 0) {
          frame(out, PING, 1, 0, payload);
          pings++;
        }
      }
      assertThat(ended).isNotDone();
    }
  }
}
