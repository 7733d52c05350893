package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.H2Messages;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;

/** A request on an HTTP/2 stream that this agent opened. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A stream's end shows in its channel.
final class H2Stream extends ChannelInboundHandlerAdapter implements HttpStream {
  private final Http2StreamChannel channel;
  private final Observer observer;
  private final String where;
  private boolean over;

  private H2Stream(Http2StreamChannel channel, Observer observer, String where) {
    this.channel = channel;
    this.observer = observer;
    this.where = where;
  }

  /**
   * Opens a stream for an observer.
   *
   * @param agent whether another agent is asked, not an application
   */
  static <K> void open(H2Pool<K> pool, K key, boolean agent, Observer observer) {
    pool.open(
        key,
        stream -> stream.pipeline().addLast(H2Messages.client(agent)),
        new H2Pool.Opened() {
          @Override
          public void opened(Http2StreamChannel channel) {
            H2Stream stream = new H2Stream(channel, observer, key.toString());
            channel.pipeline().addLast(stream);
            observer.opened(stream);
          }

          @Override
          public void failed(Failure failure) {
            observer.failed(failure, true);
          }
        });
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (over || !(message instanceof HttpObject part)) {
      ReferenceCountUtil.release(message);
      return;
    }
    boolean last =
        part instanceof LastHttpContent
            && !(part instanceof HttpResponse head && Informational.is(head));
    over = last;
    observer.response(part);
    if (last) {
      observer.responseBatchEnd();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (!over) {
      observer.responseBatchEnd();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable() && !over) {
      observer.streamWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof Http2ResetFrame reset) {
      boolean refused = reset.errorCode() == Http2Error.REFUSED_STREAM.code();
      fail(
          new Failure(
              Failure.Kind.UPSTREAM_RESET,
              "the stream to " + where + " was reset (" + name(reset.errorCode()) + ")"),
          refused);
      ctx.close();
    } else if (event instanceof Http2GoAwayFrame goAway) {
      goAway.release();
      fail(new Failure(Failure.Kind.UPSTREAM_RESET, where + " took no more requests"), true);
      ctx.close();
    }
  }

  private static String name(long code) {
    Http2Error error = Http2Error.valueOf(code);
    return error == null ? "code " + code : error.name();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(
        new Failure(
            Failure.Kind.UPSTREAM_CLOSED,
            "the connection to " + where + " closed before the end of the answer"),
        false);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(
        new Failure(
            Failure.Kind.UPSTREAM_PROTOCOL,
            "the answer of " + where + " is not well-formed: " + cause.getMessage()),
        false);
    ctx.close();
  }

  private void fail(Failure failure, boolean unsent) {
    if (!over) {
      over = true;
      observer.failed(failure, unsent);
    }
  }

  @Override
  public void write(HttpObject part) {
    channel.write(part);
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public void read() {
    channel.read();
  }

  @Override
  public void cancel() {
    over = true;
    if (channel.isActive()) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
      channel.close();
    }
  }
}
