package io.hostmesh.agent.inbound;

import io.hostmesh.agent.protocol.ConnectMessages;
import io.hostmesh.agent.protocol.Relay;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;

/** One CONNECT stream from another agent: judged, answered, joined. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A stream's end shows in its channel.
final class ConnectServer extends ChannelInboundHandlerAdapter {
  private final Receiver receiver;
  private final Origin origin;
  private final LocalInstance instance;
  private final Upstreams upstreams;

  ConnectServer(Receiver receiver, Origin origin, LocalInstance instance, Upstreams upstreams) {
    this.receiver = receiver;
    this.origin = origin;
    this.instance = instance;
    this.upstreams = upstreams;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    ctx.fireChannelActive();
    ctx.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof Http2HeadersFrame frame)) {
      ReferenceCountUtil.release(message);
      return;
    }
    CharSequence method = frame.headers().method();
    if (method == null || !method.toString().equals("CONNECT") || frame.isEndStream()) {
      answer(ctx, new Failure(Failure.Kind.MALFORMED, "only CONNECT is understood here"));
      return;
    }
    Promise<Receiver.Accepted> accepted = upstreams.loop().newPromise();
    accepted.addListener(
        done -> {
          if (done.isSuccess()) {
            join(ctx, accepted.getNow());
          } else {
            answer(ctx, UpstreamException.of(done.cause(), instance.toString()));
          }
        });
    receiver.tcp(origin, instance, upstreams, accepted);
  }

  private void join(ChannelHandlerContext ctx, Receiver.Accepted accepted) {
    ctx.writeAndFlush(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200"), false));
    ctx.pipeline().addLast(new ConnectMessages());
    Relay.join(ctx.channel(), accepted.application(), accepted.ended());
    ctx.pipeline().remove(this);
  }

  /** The caller's agent resets the caller's connection, and logs why. */
  private static void answer(ChannelHandlerContext ctx, Failure failure) {
    ctx.writeAndFlush(new DefaultHttp2HeadersFrame(ReportedFailure.refusal(failure), true))
        .addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    System.getLogger(ConnectServer.class.getName())
        .log(System.Logger.Level.DEBUG, () -> "closing " + ctx.channel(), cause);
    ctx.close();
  }
}
