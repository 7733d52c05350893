package io.hostmesh.agent.protocol;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** The server side of one HTTP/2 stream, behind {@link H2Messages}. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H2Server extends ChannelInboundHandlerAdapter implements HttpCaller {
  private final HttpService service;
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable HttpExchange exchange;

  /** As much of a request is read for nothing, after it was answered. */
  private static final int MAX_UNWANTED = 64 * 1024;

  private boolean over;
  private boolean requestEnded;
  private int unwanted;

  public H2Server(HttpService service) {
    this.service = service;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext context = ctx;
    if (context == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return context;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    context.fireChannelActive();
    context.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    requestEnded |= message instanceof LastHttpContent;
    if (answered() && message instanceof HttpContent part) {
      unwanted += part.content().readableBytes();
    }
    if (over || answered()) {
      ReferenceCountUtil.release(message);
      return;
    }
    switch (message) {
      case HttpRequest head -> {
        HttpExchange begun = service.exchange(this, head);
        exchange = begun;
        begun.start();
      }
      case HttpContent part when exchange != null -> exchange.content(part);
      case Object _ -> ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (answered()) {
      discard(context);
    } else if (exchange == null) {
      context.read();
    } else {
      exchange.requestBatchEnd();
    }
  }

  private boolean answered() {
    return exchange != null && exchange.isOver();
  }

  /** A stream closes only when all that came was read (RFC 9113 section 8.1 on early answers). */
  private void discard(ChannelHandlerContext context) {
    if (requestEnded) {
      return;
    }
    if (unwanted > MAX_UNWANTED) {
      context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
      context.close();
    } else {
      context.read();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable() && exchange != null) {
      exchange.callerWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof Http2ResetFrame) {
      gone();
      context.close();
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gone();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    System.getLogger(H2Server.class.getName())
        .log(System.Logger.Level.DEBUG, () -> "closing " + context.channel(), cause);
    gone();
    if (!(cause instanceof Http2Exception)) { // The codec resets the stream, with the error's code.
      context.close();
    }
  }

  private void gone() {
    over = true;
    if (exchange != null) {
      exchange.callerClosed();
    }
  }

  @Override
  public void write(HttpObject part) {
    if (over) {
      ReferenceCountUtil.release(part);
      return;
    }
    boolean last = part instanceof LastHttpContent && !isInformational(part);
    if (last) {
      context()
          .write(part)
          .addListener(
              written -> {
                if (!written.isSuccess()) {
                  context().close();
                }
              });
    } else {
      context().write(part);
    }
  }

  private static boolean isInformational(HttpObject part) {
    return part instanceof io.netty.handler.codec.http.HttpResponse response
        && Informational.is(response);
  }

  @Override
  public void flush() {
    context().flush();
    if (answered()) {
      discard(context());
    }
  }

  @Override
  public boolean writable() {
    return !over && context().channel().isWritable();
  }

  @Override
  public void read() {
    context().read();
  }

  @Override
  public void abort() {
    over = true;
    context().writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.INTERNAL_ERROR));
    context().close();
  }
}
