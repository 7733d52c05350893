package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.Ends;
import io.hostmesh.agent.protocol.H1Malformed;
import io.hostmesh.agent.protocol.H1Reader;
import io.hostmesh.agent.protocol.H1Writer;
import io.hostmesh.agent.protocol.HttpLimits;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Idempotence;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.protocol.OnDemand;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.protocol.Tunnels;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An HTTP/1.1 connection to an application, one request at a time. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A connection's end shows in its channel.
final class H1Stream extends ChannelInboundHandlerAdapter implements HttpStream, H1Reader.Sink {
  private final Channel channel;
  private final OnDemand demand;
  private final H1Reader reader = new H1Reader(false, HttpLimits.DEFAULT, this);
  private final H1Writer writer;
  private final Application application;
  private final H1Pool pool;
  private final Place place;
  private @Nullable Observer observer;
  private boolean used;
  private boolean requestEnded;
  private boolean informational;
  private boolean tunnelAsked;
  private boolean tunnel;
  private boolean inputEnded;
  private HttpMethod asked = HttpMethod.GET;

  /** What came for a tunnel before it was there. */
  private @Nullable ArrayDeque<HttpContent> early;

  private boolean answered;
  private boolean keepAlive;
  private boolean idempotent;
  private long idleSinceNanos;

  private H1Stream(Channel channel, Application application, H1Pool pool, Place place) {
    this.channel = channel;
    this.demand = OnDemand.of(channel);
    this.writer = new H1Writer(channel);
    this.application = application;
    this.pool = pool;
    this.place = place;
  }

  static H1Stream begin(Channel channel, Application application, H1Pool pool, Place place) {
    H1Stream stream = new H1Stream(channel, application, pool, place);
    channel.pipeline().addLast("h1-stream", stream);
    return stream;
  }

  long idleSinceNanos() {
    return idleSinceNanos;
  }

  /** Whether its place is wanted by others, where it idles. */
  boolean isWanted(long idleNanos) {
    return place.isWanted(idleNanos);
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
    place.used();
    observer = next;
    requestEnded = false;
    answered = false;
    tunnelAsked = false;
    keepAlive = true;
    next.opened(this);
  }

  // The request.

  @Override
  public void write(HttpObject part) {
    if (part instanceof HttpRequest head) {
      asked = head.method();
      idempotent = Idempotence.of(asked);
      tunnelAsked = Tunnels.isConnect(head) || head.headers().contains(HttpHeaderNames.UPGRADE);
      reader.nextIsBodyless(asked.equals(HttpMethod.HEAD));
      writer.request(head);
    } else if (part instanceof HttpContent content) {
      content(content);
    }
  }

  private void content(HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    requestEnded |= last;
    if (!tunnelAsked) {
      writer.content(content);
    } else if (tunnel) {
      into(content);
    } else {
      ArrayDeque<HttpContent> queue = early;
      if (queue == null) {
        queue = new ArrayDeque<>(2); // One batch at most, since we are not writable.
        early = queue;
      }
      queue.add(content);
    }
  }

  /** Bytes for the application, on a connection that is a tunnel. */
  private void into(HttpContent content) {
    channel.write(content.content(), channel.voidPromise());
    if (content instanceof LastHttpContent) {
      if (inputEnded) {
        Ends.both(channel);
      } else {
        Ends.output(channel);
      }
    }
  }

  private void becomeTunnel() {
    reader.becomeRaw();
    ArrayDeque<HttpContent> queue = early;
    early = null;
    if (queue != null) {
      queue.forEach(this::into);
      channel.flush();
    }
  }

  private void dropEarly() {
    ArrayDeque<HttpContent> queue = early;
    early = null;
    if (queue != null) {
      queue.forEach(HttpContent::release);
    }
  }

  @Override
  public void flush() {
    writer.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable() && (!tunnelAsked || tunnel);
  }

  @Override
  public void read() {
    demand.read();
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
    ByteBuf bytes = (ByteBuf) message;
    if (observer == null) {
      bytes.release();
      ctx.close(); // An answer that nobody asked for: the connection cannot be trusted.
      return;
    }
    try {
      reader.read(channel.alloc(), bytes);
    } catch (H1Malformed e) {
      malformed(e.getMessage());
    }
  }

  @Override
  public boolean part(HttpObject part) {
    Observer to = observer;
    if (to == null) {
      ReferenceCountUtil.release(part);
      channel.close(); // More than was asked for.
      return false;
    }
    switch (part) {
      case HttpResponse head -> head(to, head);
      case LastHttpContent last when informational -> {
        informational = false;
        last.release();
      }
      case LastHttpContent last -> last(to, last);
      case HttpContent content -> to.response(content);
      default -> ReferenceCountUtil.release(part);
    }
    return true;
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
    boolean switched = head.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
    if (switched && (!tunnelAsked || asked.equals(HttpMethod.CONNECT))) {
      malformed("101 without a request to change the protocol");
      return;
    }
    if (switched) {
      AnswerHeaders.stripOurs(head.headers());
    } else {
      AnswerHeaders.strip(head.headers());
    }
    tunnel = Tunnels.opens(asked, head);
    if (tunnel) {
      keepAlive = false;
      Tunnels.unframe(head.headers());
      becomeTunnel();
    }
    to.response(head);
    if (tunnel) {
      to.streamWritable();
    }
  }

  private void last(Observer to, LastHttpContent last) {
    boolean reusable = keepAlive && requestEnded(to);
    observer = null;
    dropEarly();
    if (reusable) {
      idleSinceNanos = System.nanoTime();
      pool.giveBack(this, application);
    }
    to.response(last);
    to.responseBatchEnd();
    if (reusable) {
      demand.read(); // To notice that the application closes, or says what nobody asked.
    } else {
      channel.close();
    }
  }

  private boolean requestEnded(Observer to) {
    return requestEnded || (tunnelAsked && !tunnel && to != null);
  }

  private void malformed(@Nullable String why) {
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
      inputEnded = true;
      Observer to = observer;
      if (tunnel && to != null) {
        to.response(LastHttpContent.EMPTY_LAST_CONTENT);
        to.responseBatchEnd();
        if (requestEnded) {
          Ends.both(channel); // Some of it may be on its way still.
        }
      } else {
        keepAlive = false;
        reader.inputEnded(); // Which may be the end of the answer.
        ctx.close();
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    pool.remove(this, application);
    reader.release();
    writer.release();
    dropEarly();
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
