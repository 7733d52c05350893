package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;

/**
 * Asks the other agent for a TCP connection and gives way once it has accepted. Until then nothing
 * is sent, so that another instance can be tried. Used by its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A stream's end shows in its channel.
final class ConnectRequest extends ChannelInboundHandlerAdapter {
  private final MeshTarget target;
  private final Promise<Channel> opened;

  ConnectRequest(MeshTarget target, Promise<Channel> opened) {
    this.target = target;
    this.opened = opened;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    Http2Headers headers =
        new DefaultHttp2Headers().method("CONNECT").authority(target.name().host());
    ctx.writeAndFlush(new DefaultHttp2HeadersFrame(headers, false));
    ctx.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof Http2HeadersFrame frame) {
      CharSequence status = frame.headers().status();
      if (status != null && status.toString().equals("200") && !frame.isEndStream()) {
        ctx.pipeline().remove(this);
        opened.trySuccess(ctx.channel());
      } else {
        fail(ctx, ReportedFailure.of(frame.headers()).orElseGet(() -> unexplained(status)));
      }
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  private Failure unexplained(CharSequence status) {
    return failure("it answered with status " + status);
  }

  private Failure failure(String why) {
    return new Failure(
        Failure.Kind.CONNECT_FAILED, "could not open a connection to " + target + ": " + why);
  }

  private void fail(ChannelHandlerContext ctx, Failure failure) {
    opened.tryFailure(new UpstreamException(failure));
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(ctx, failure("the connection closed"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(ctx, failure(String.valueOf(cause.getMessage())));
  }
}
