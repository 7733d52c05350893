package io.hostmesh.agent.local;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.vertx.core.Future;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.PromiseInternal;
import io.vertx.core.internal.VertxInternal;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether something accepts connections: one is opened, judged and closed, without a byte. The
 * commonest of checks, asked as long as a host runs, so without a client's machinery. Any thread.
 */
final class TcpProbe {
  private final VertxInternal vertx;

  TcpProbe(VertxInternal vertx) {
    this.vertx = vertx;
  }

  /**
   * Asks once.
   *
   * @param from the address to ask from; null for the kernel's choice
   * @return fails with the reason
   */
  Future<Void> ask(
      InetSocketAddress application, @Nullable String from, Duration timeout, Prober.Gate gate) {
    ContextInternal context = vertx.getOrCreateContext();
    PromiseInternal<Void> answer = context.promise();
    Bootstrap bootstrap =
        new Bootstrap()
            .group(context.nettyEventLoop())
            .channelFactory(vertx.transport().channelFactory(false))
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis())
            .handler(new ChannelInboundHandlerAdapter());
    ChannelFuture connecting =
        from == null
            ? bootstrap.connect(application)
            : bootstrap.connect(application, new InetSocketAddress(from, 0));
    connecting.addListener(
        done -> {
          if (done.isSuccess()) {
            judge(connecting.channel(), gate, answer);
          } else {
            answer.fail(done.cause());
          }
        });
    return answer.future();
  }

  private static void judge(Channel channel, Prober.Gate gate, PromiseInternal<Void> answer) {
    Optional<String> refusal =
        gate.refusal(
            (InetSocketAddress) channel.localAddress(),
            (InetSocketAddress) channel.remoteAddress());
    var _ = channel.close();
    refusal.ifPresentOrElse(answer::fail, answer::complete);
  }
}
