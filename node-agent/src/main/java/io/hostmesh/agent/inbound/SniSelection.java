package io.hostmesh.agent.inbound;

import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Reads the server name of a ClientHello and goes on with the certificate of that instance. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class SniSelection extends AbstractSniHandler<MeshPort.Selected> {
  /** A fatal alert, unrecognized_name (RFC 8446 section 6, RFC 6066 section 3). */
  private static final byte[] UNRECOGNIZED_NAME = {21, 3, 3, 0, 2, 2, 112};

  private final MeshPort port;
  private final Upstreams upstreams;

  SniSelection(MeshPort port, Upstreams upstreams) {
    this.port = port;
    this.upstreams = upstreams;
  }

  @Override
  protected Future<MeshPort.Selected> lookup(ChannelHandlerContext ctx, @Nullable String hostname) {
    try {
      return ctx.executor().newSucceededFuture(port.select(hostname == null ? "" : hostname));
    } catch (UpstreamException e) {
      return ctx.executor().newFailedFuture(e);
    }
  }

  @Override
  protected void onLookupComplete(
      ChannelHandlerContext ctx, @Nullable String hostname, Future<MeshPort.Selected> future) {
    if (future.isSuccess()) {
      port.afterSni(ctx, future.getNow(), upstreams);
    } else {
      port.failed(ctx.channel(), future.cause());
      ctx.writeAndFlush(Unpooled.wrappedBuffer(UNRECOGNIZED_NAME))
          .addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    port.failed(ctx.channel(), cause);
    ctx.close();
  }
}
