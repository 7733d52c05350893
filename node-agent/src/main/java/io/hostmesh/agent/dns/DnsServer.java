package io.hostmesh.agent.dns;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Answers the questions that the host's programs ask their name servers: names of the mesh itself,
 * all others by asking on. Gives the handlers for the sockets that others open; safe for any number
 * of sockets and loops.
 */
public final class DnsServer {
  /** How many questions may wait for the host's name servers. */
  public static final int MOST_FORWARDED = 2048;

  private static final int MOST_A_CONNECTION = 64;
  private static final int IDLE_SECONDS = 10;

  private final MeshZone zone;
  private final DnsForwarder forwarder;

  /**
   * @param upstreams the host's name servers, read at each question; none means that only the
   *     mesh's names are answered
   */
  public DnsServer(
      MeshNames names, Supplier<List<InetSocketAddress>> upstreams, RandomGenerator random) {
    this(names, upstreams, random, MOST_FORWARDED);
  }

  DnsServer(
      MeshNames names,
      Supplier<List<InetSocketAddress>> upstreams,
      RandomGenerator random,
      int mostForwarded) {
    this.zone = new MeshZone(names);
    this.forwarder = new DnsForwarder(upstreams, random, mostForwarded);
  }

  /** For a datagram socket. */
  public ChannelHandler udp() {
    return new Datagrams();
  }

  /** For the connections of a listening socket. */
  public ChannelInitializer<Channel> tcp() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel connection) {
        connection.pipeline().addLast(DnsFrames.decoder(), new Connection());
      }
    };
  }

  private void answer(
      byte[] message, DnsForwarder.Transport transport, EventLoop loop, Consumer<byte[]> reply) {
    Optional<DnsQuery> parsed = DnsQuery.parse(message);
    if (parsed.isEmpty()) {
      formatError(message).ifPresent(reply);
      return;
    }
    DnsQuery query = parsed.get();
    int limit = transport == DnsForwarder.Transport.UDP ? query.payload() : 0xffff;
    zone.answer(query, limit)
        .ifPresentOrElse(
            reply,
            () ->
                forwarder.ask(
                    message,
                    transport,
                    loop,
                    answer ->
                        reply.accept(
                            answer.orElseGet(
                                () -> DnsAnswer.failure(query, DnsAnswer.SERVER_FAILURE)))));
  }

  /** A header alone, for what claims to be a question but is not; never for an answer. */
  private static Optional<byte[]> formatError(byte[] message) {
    if (message.length < DnsQuery.HEADER || (message[2] & 0x80) != 0) {
      return Optional.empty();
    }
    byte[] header = new byte[DnsQuery.HEADER];
    header[0] = message[0];
    header[1] = message[1];
    header[2] = (byte) (0x80 | (message[2] & 0x79));
    boolean query = (message[2] & 0x78) == 0;
    header[3] = (byte) (query ? DnsAnswer.FORMAT_ERROR : DnsAnswer.NOT_IMPLEMENTED);
    return Optional.of(header);
  }

  @ChannelHandler.Sharable
  private final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      InetSocketAddress asker = packet.sender();
      answer(
          ByteBufUtil.getBytes(packet.content()),
          DnsForwarder.Transport.UDP,
          context.channel().eventLoop(),
          bytes -> {
            var _ = context.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), asker));
          });
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      // The ICMP refusal of an asker that has gone, for instance: the socket serves the others.
      System.getLogger(DnsServer.class.getName())
          .log(System.Logger.Level.DEBUG, "DNS socket", cause);
    }
  }

  /** One connection, on its own loop: questions may overtake each other, as RFC 7766 has it. */
  private final class Connection extends SimpleChannelInboundHandler<byte[]> {
    private int open;
    private long lastUsed;

    @Override
    public void channelActive(ChannelHandlerContext context) {
      lastUsed = System.nanoTime();
      var _ = context.executor().schedule(() -> closeIdle(context), IDLE_SECONDS, TimeUnit.SECONDS);
      context.fireChannelActive();
    }

    private void closeIdle(ChannelHandlerContext context) {
      long idle = System.nanoTime() - lastUsed;
      if (open == 0 && idle >= TimeUnit.SECONDS.toNanos(IDLE_SECONDS)) {
        var _ = context.close();
      } else if (context.channel().isActive()) {
        var _ =
            context.executor().schedule(() -> closeIdle(context), IDLE_SECONDS, TimeUnit.SECONDS);
      }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, byte[] message) {
      lastUsed = System.nanoTime();
      open++;
      readWhileFew(context);
      answer(
          message,
          DnsForwarder.Transport.TCP,
          context.channel().eventLoop(),
          bytes -> {
            open--;
            readWhileFew(context);
            var _ = context.writeAndFlush(DnsFrames.frame(bytes));
          });
    }

    /** An asker that does not wait for answers waits for us instead. */
    private void readWhileFew(ChannelHandlerContext context) {
      context.channel().config().setAutoRead(open < MOST_A_CONNECTION);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var _ = context.close();
    }
  }
}
