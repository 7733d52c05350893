package io.hostmesh.agent.workload;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Asks hostmesh-attestd over its unix socket: one connection a question, on the event loop that
 * wants to know, for two seconds at most and for so many at a time only, so that a helper that
 * hangs holds up nobody but those who need it. Nothing is remembered: what was true of one socket
 * says nothing of the next. Any thread.
 */
public final class AttestdClient implements ProcessFinder {
  private static final int MOST_AT_A_TIME = 128;
  private static final long LIMIT_MILLIS = 2_000;

  private final Path socket;
  private final AtomicInteger underWay = new AtomicInteger();
  private volatile Optional<String> failure = Optional.empty();

  /**
   * @param socket where hostmesh-attestd listens
   */
  public AttestdClient(Path socket) {
    this.socket = socket;
  }

  @Override
  public void find(Question question, EventLoop loop, Consumer<SocketHolders> then) {
    if (underWay.incrementAndGet() > MOST_AT_A_TIME) {
      underWay.decrementAndGet();
      then.accept(new SocketHolders.Unknown("hostmesh-attestd has more to do than it can"));
      return;
    }
    Answering answering =
        new Answering(
            answer -> {
              underWay.decrementAndGet();
              then.accept(answer);
            });
    new Bootstrap()
        .group(loop)
        .channel(EpollDomainSocketChannel.class)
        .handler(answering)
        .connect(new DomainSocketAddress(socket.toString()))
        .addListener(
            connecting -> {
              if (!connecting.isSuccess()) {
                failure =
                    Optional.of(
                        "hostmesh-attestd cannot be asked: " + connecting.cause().getMessage());
                answering.done(new SocketHolders.Unknown(failure.get()));
              }
            })
        .channel()
        .eventLoop()
        .schedule(
            () ->
                answering.done(
                    new SocketHolders.Unknown("hostmesh-attestd did not answer in time")),
            LIMIT_MILLIS,
            TimeUnit.MILLISECONDS)
        .addListener(_ -> {});
    answering.question = question;
  }

  @Override
  public Optional<String> problem() {
    if (!Files.exists(socket)) {
      return Optional.of(
          "there is no "
              + socket
              + ", so workloads with executable, sha256 or group, and containers behind bridges, match"
              + " nobody; install and start it:"
              + " systemctl enable --now hostmesh-attestd");
    }
    return failure.map(
        why ->
            why
                + ", so workloads with executable, sha256 or group, and containers behind bridges, match"
                + " nobody");
  }

  /** Sends the question, gathers the answer until the helper closes. On one loop. */
  private final class Answering extends SimpleChannelInboundHandler<ByteBuf> {
    private final Consumer<SocketHolders> then;
    private final ByteBuf answer = Unpooled.buffer(256);
    private @org.jspecify.annotations.Nullable Question question;
    private @org.jspecify.annotations.Nullable Channel channel;
    private boolean isDone;

    Answering(Consumer<SocketHolders> then) {
      this.then = then;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The channel's end is all that matters.
    public void channelActive(ChannelHandlerContext context) {
      channel = context.channel();
      Question asked = question;
      if (isDone || asked == null) {
        context.close();
        return;
      }
      context.writeAndFlush(Unpooled.wrappedBuffer(asked.encoded()));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
      if (answer.readableBytes() + bytes.readableBytes() > SocketHolders.MOST_BYTES) {
        done(new SocketHolders.Unknown("hostmesh-attestd's answer is too long"));
      } else {
        answer.writeBytes(bytes);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      SocketHolders read =
          answer.isReadable()
              ? SocketHolders.decode(ByteBufUtil.getBytes(answer))
              : new SocketHolders.Unknown("hostmesh-attestd did not answer");
      failure =
          answer.isReadable()
              ? Optional.empty()
              : Optional.of("hostmesh-attestd does not answer; see its log");
      done(read);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      done(new SocketHolders.Unknown("hostmesh-attestd: " + cause.getMessage()));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // The channel's end is all that matters.
    private void done(SocketHolders holders) {
      if (isDone) {
        return;
      }
      isDone = true;
      Channel open = channel;
      if (open != null) {
        open.close();
      }
      then.accept(holders);
    }
  }
}
