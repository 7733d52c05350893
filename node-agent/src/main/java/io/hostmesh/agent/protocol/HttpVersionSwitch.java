package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells HTTP/2 with prior knowledge from HTTP/1.1 by the first bytes (RFC 9113 section 3.4: the
 * preface is chosen so that no HTTP/1.1 server takes it for a request), and gives way to the
 * handlers of that version. Used by its event loop only.
 */
public final class HttpVersionSwitch extends ByteToMessageDecoder {
  private final HttpService service;
  private final HttpLimits limits;
  private final Consumer<Drainable> known;
  private @Nullable ScheduledFuture<?> deadline;

  /**
   * @param known gets the connection once its version is known
   */
  public HttpVersionSwitch(HttpService service, HttpLimits limits, Consumer<Drainable> known) {
    this.service = service;
    this.limits = limits;
    this.known = known;
  }

  /** Bytes that are the beginning of a preface are the beginning of a head. */
  private void waitForMore(ChannelHandlerContext ctx) {
    if (deadline == null) {
      deadline =
          ctx.executor()
              .schedule(() -> tooSlow(ctx), limits.headTime().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void tooSlow(ChannelHandlerContext ctx) {
    if (!ctx.isRemoved() && ctx.channel().isActive()) {
      http1(ctx).headTooSlow();
    }
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    super.channelReadComplete(ctx);
    if (!ctx.isRemoved()) {
      OnDemand.of(ctx.channel()).read();
    }
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    int length = in.readableBytes();
    int same = FirstBytes.common(in, in.readerIndex(), length, FirstBytes.HTTP2_PREFACE);
    if (same == FirstBytes.HTTP2_PREFACE.length) {
      http2(ctx);
    } else if (same == length) {
      waitForMore(ctx);
    } else {
      http1(ctx);
    }
  }

  private H1Server http1(ChannelHandlerContext ctx) {
    H1Server server = H1Server.install(ctx.pipeline(), service, limits);
    known.accept(server);
    ctx.pipeline().remove(this);
    return server;
  }

  private void http2(ChannelHandlerContext ctx) {
    ChannelPipeline pipeline = ctx.pipeline();
    known.accept(H2Connections.serve(pipeline, service));
    pipeline.remove(OnDemand.class); // The windows of HTTP/2 bound what can come.
    pipeline.remove(this);
  }
}
