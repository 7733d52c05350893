package io.hostmesh.agent.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Asks the host's own name servers what is not the mesh's: the question goes on byte for byte, but
 * for an id of our own, and so does the answer. Each question has a socket and so a source port of
 * its own, connected to the one server whose answer it takes (RFC 5452 section 4). Servers are
 * asked one after the other. Safe for any thread; a question stays on the event loop it is given.
 */
final class DnsForwarder {
  private static final System.Logger LOG = System.getLogger(DnsForwarder.class.getName());

  /** Two servers fit into the 5 s after which a resolver asks again. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Supplier<List<InetSocketAddress>> servers;
  private final RandomGenerator random;
  private final int most;
  private final AtomicInteger asked = new AtomicInteger();

  /**
   * @param servers those to ask, read at each question
   * @param random for ids
   * @param most how many questions may be open; the next ones fail at once
   */
  DnsForwarder(Supplier<List<InetSocketAddress>> servers, RandomGenerator random, int most) {
    this.servers = servers;
    this.random = random;
    this.most = most;
  }

  /** How a question travels: as it came, so that an answer fits. */
  enum Transport {
    UDP,
    TCP
  }

  /**
   * Asks on.
   *
   * @param answer run once, on the loop: with the answer, or with nothing where no server gave one
   */
  void ask(byte[] message, Transport transport, EventLoop loop, Consumer<Optional<byte[]>> answer) {
    if (asked.incrementAndGet() > most) {
      asked.decrementAndGet();
      answer.accept(Optional.empty());
      return;
    }
    List<InetSocketAddress> all = List.copyOf(servers.get());
    new Question(message, transport, loop, all, answer).next(0);
  }

  /** One question on its way through the servers. Owned by its loop. */
  private final class Question {
    private final byte[] original;
    private final byte[] message;
    private final Transport transport;
    private final EventLoop loop;
    private final List<InetSocketAddress> all;
    private final Consumer<Optional<byte[]>> answer;

    Question(
        byte[] original,
        Transport transport,
        EventLoop loop,
        List<InetSocketAddress> all,
        Consumer<Optional<byte[]>> answer) {
      this.original = original;
      this.message = original.clone();
      this.transport = transport;
      this.loop = loop;
      this.all = all;
      this.answer = answer;
      int id = random.nextInt(0x1_0000);
      message[0] = (byte) (id >>> 8);
      message[1] = (byte) id;
    }

    void next(int index) {
      if (index == all.size()) {
        asked.decrementAndGet();
        answer.accept(Optional.empty());
        return;
      }
      InetSocketAddress server = all.get(index);
      Attempt attempt = new Attempt(this, server, index);
      ChannelFuture connecting = attempt.bootstrap().connect(server);
      attempt.start(connecting);
    }

    boolean isAnswer(byte[] candidate) {
      return candidate.length >= DnsQuery.HEADER
          && candidate[0] == message[0]
          && candidate[1] == message[1]
          && (candidate[2] & 0x80) != 0;
    }

    void answered(byte[] bytes) {
      bytes[0] = original[0];
      bytes[1] = original[1];
      asked.decrementAndGet();
      answer.accept(Optional.of(bytes));
    }
  }

  /** One server that is asked: ends once, by its answer, an error or its time. */
  private static final class Attempt {
    private final Question question;
    private final InetSocketAddress server;
    private final int index;
    private final Channel[] channel = new Channel[1];
    private boolean over;
    private final ScheduledFuture<?> timer;

    Attempt(Question question, InetSocketAddress server, int index) {
      this.question = question;
      this.server = server;
      this.index = index;
      this.timer =
          question.loop.schedule(
              () -> fail("no answer within " + PATIENCE),
              PATIENCE.toMillis(),
              java.util.concurrent.TimeUnit.MILLISECONDS);
    }

    Bootstrap bootstrap() {
      Bootstrap bootstrap = new Bootstrap().group(question.loop);
      return question.transport == Transport.UDP
          ? bootstrap.channel(EpollDatagramChannel.class).handler(new Datagrams())
          : bootstrap
              .channel(EpollSocketChannel.class)
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel connection) {
                      connection.pipeline().addLast(DnsFrames.decoder(), new Frames());
                    }
                  });
    }

    void start(ChannelFuture connecting) {
      channel[0] = connecting.channel();
      connecting.addListener(
          done -> {
            if (!done.isSuccess()) {
              fail(String.valueOf(done.cause()));
            } else if (question.transport == Transport.UDP) {
              var _ = connecting.channel().writeAndFlush(Unpooled.wrappedBuffer(question.message));
            } else {
              var _ = connecting.channel().writeAndFlush(DnsFrames.frame(question.message));
            }
          });
    }

    private void received(byte[] bytes) {
      if (!over && question.isAnswer(bytes)) {
        end();
        question.answered(bytes);
      }
    }

    private void fail(String why) {
      if (!over) {
        LOG.log(System.Logger.Level.DEBUG, "name server {0}: {1}", server, why);
        end();
        question.next(index + 1);
      }
    }

    private void end() {
      over = true;
      timer.cancel(false);
      if (channel[0] != null) {
        var _ = channel[0].close();
      }
    }

    private final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
      @Override
      protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
        received(ByteBufUtil.getBytes(packet.content()));
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // An ICMP refusal, for instance.
        fail(String.valueOf(cause));
      }
    }

    private final class Frames extends SimpleChannelInboundHandler<byte[]> {
      @Override
      protected void channelRead0(ChannelHandlerContext context, byte[] message) {
        received(message);
      }

      @Override
      public void channelInactive(ChannelHandlerContext context) {
        fail("closed the connection");
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(String.valueOf(cause));
      }
    }
  }
}
