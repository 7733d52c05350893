package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.EarlyBytes;
import io.hostmesh.agent.protocol.HttpLimits;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Idempotence;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An HTTP/1.1 connection to an application, one request at a time. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A connection's end shows in its channel.
final class H1Stream extends ChannelInboundHandlerAdapter implements HttpStream {
  private final Channel channel;
  private final Application application;
  private final H1Pool pool;
  private @Nullable Observer observer;
  private boolean used;
  private boolean requestEnded;
  private boolean informational;
  private boolean upgradeAsked;
  private boolean tunnel;
  private boolean answered;
  private boolean keepAlive;
  private boolean idempotent;
  private long idleSinceNanos;

  private H1Stream(Channel channel, Application application, H1Pool pool) {
    this.channel = channel;
    this.application = application;
    this.pool = pool;
  }

  static H1Stream begin(Channel channel, Application application, H1Pool pool) {
    H1Stream stream = new H1Stream(channel, application, pool);
    channel
        .pipeline()
        .addLast("h1", new HttpClientCodec(HttpLimits.DEFAULT.decoder(), false, false))
        .addLast("h1-stream", stream);
    channel.pipeline().remove(EarlyBytes.class);
    return stream;
  }

  long idleSinceNanos() {
    return idleSinceNanos;
  }

  /** The next request, on a connection that had one before; false where it is not usable. */
  boolean reuse(Observer next) {
    if (!channel.isActive()) {
      return false;
    }
    used = true;
    use(next);
    return true;
  }

  void use(Observer next) {
    observer = next;
    requestEnded = false;
    answered = false;
    upgradeAsked = false;
    keepAlive = true;
    next.opened(this);
  }

  // The request.

  @Override
  public void write(HttpObject part) {
    if (part instanceof HttpRequest head) {
      idempotent = Idempotence.of(head.method());
      upgradeAsked = head.headers().contains(HttpHeaderNames.UPGRADE);
      channel.write(head, channel.voidPromise());
      if (upgradeAsked) {
        channel.write(LastHttpContent.EMPTY_LAST_CONTENT, channel.voidPromise());
      }
    } else if (part instanceof HttpContent content) {
      content(content);
    }
  }

  private void content(HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    requestEnded |= last;
    if (!upgradeAsked) {
      channel.write(content, channel.voidPromise());
    } else if (tunnel) {
      channel.write(content.content(), channel.voidPromise());
      if (last) {
        channel
            .writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(_ -> ((DuplexChannel) channel).shutdownOutput());
      }
    } else {
      content.release();
    }
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable() && (!upgradeAsked || tunnel);
  }

  @Override
  public void read() {
    channel.read();
  }

  @Override
  public void cancel() {
    observer = null;
    Resets.reset(channel);
  }

  void close() {
    observer = null;
    channel.close();
  }

  // The answer.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Observer to = observer;
    if (to == null) {
      ReferenceCountUtil.release(message);
      ctx.close(); // An answer that nobody asked for: the connection cannot be trusted.
      return;
    }
    switch (message) {
      case ByteBuf bytes -> to.response(new DefaultHttpContent(bytes));
      case HttpObject part when part.decoderResult().isFailure() -> {
        ReferenceCountUtil.release(part);
        malformed(String.valueOf(part.decoderResult().cause().getMessage()));
      }
      case HttpResponse head -> head(to, head);
      case LastHttpContent last when informational -> {
        informational = false;
        last.release();
      }
      case LastHttpContent last when tunnel -> last.release();
      case LastHttpContent last -> last(to, last);
      case HttpContent content -> to.response(content);
      default -> ReferenceCountUtil.release(message);
    }
  }

  private void head(Observer to, HttpResponse head) {
    answered = true;
    Optional<String> wrong = AnswerHead.wrong(head);
    if (wrong.isPresent()) {
      ReferenceCountUtil.release(head);
      malformed(wrong.get());
      return;
    }
    if (Informational.is(head)) {
      informational = true;
      AnswerHeaders.strip(head.headers());
      to.response(
          new DefaultFullHttpResponse(
              head.protocolVersion(),
              head.status(),
              Unpooled.EMPTY_BUFFER,
              head.headers(),
              LastHttpContent.EMPTY_LAST_CONTENT.trailingHeaders()));
      return;
    }
    keepAlive = HttpUtil.isKeepAlive(head);
    head.setProtocolVersion(HttpVersion.HTTP_1_1); // A proxy says its own (RFC 9110 section 6.2).
    if (head.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      if (!upgradeAsked) {
        malformed("101 without a request to change the protocol");
        return;
      }
      tunnel = true;
      keepAlive = false;
    } else {
      AnswerHeaders.strip(head.headers());
    }
    to.response(head);
    if (tunnel) {
      channel.pipeline().remove(HttpClientCodec.class);
      to.streamWritable();
    }
  }

  private void last(Observer to, LastHttpContent last) {
    boolean reusable = keepAlive && requestEnded(to);
    observer = null;
    if (reusable) {
      idleSinceNanos = System.nanoTime();
      pool.giveBack(this, application);
    }
    to.response(last);
    to.responseBatchEnd();
    if (reusable) {
      channel.read(); // To notice that the application closes.
    } else {
      channel.close();
    }
  }

  private boolean requestEnded(Observer to) {
    return requestEnded || (upgradeAsked && !tunnel && to != null);
  }

  private void malformed(String why) {
    fail(
        new Failure(
            Failure.Kind.UPSTREAM_PROTOCOL,
            "the answer of " + application + " is not well-formed HTTP/1.1: " + why),
        false);
    Resets.reset(channel);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (observer != null) {
      observer.responseBatchEnd();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable() && observer != null) {
      observer.streamWritable();
    }
  }

  // The connection.

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      Observer to = observer;
      if (tunnel && to != null) {
        to.response(LastHttpContent.EMPTY_LAST_CONTENT);
        to.responseBatchEnd();
        if (requestEnded) {
          ctx.close();
        }
      } else {
        ctx.close(); // The decoder ends an answer that lasts until the close.
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    pool.remove(this, application);
    fail(
        new Failure(
            Failure.Kind.UPSTREAM_CLOSED,
            application + " closed the connection before the end of its answer"),
        used && idempotent && !answered);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(
        new Failure(
            Failure.Kind.UPSTREAM_CLOSED,
            "the connection to " + application + " broke: " + cause.getMessage()),
        used && idempotent && !answered);
    ctx.close();
  }

  private void fail(Failure failure, boolean again) {
    Observer to = observer;
    observer = null;
    if (to != null) {
      to.failed(failure, again);
    }
  }
}
