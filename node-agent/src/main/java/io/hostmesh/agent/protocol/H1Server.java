package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server side of an HTTP/1.1 connection from an application: one request at a time, pipelined
 * ones wait and are answered in order. The channel is read only on demand. Used by its event loop
 * only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H1Server extends ChannelInboundHandlerAdapter
    implements HttpCaller, Drainable, H1Reader.Sink {
  private static final long LINGER_SECONDS = 2;

  private final HttpService service;
  private final HttpLimits limits;
  private final Channel channel;
  private final OnDemand demand;
  private final H1Reader reader;
  private final H1Writer writer;
  private final H1Answers answers = new H1Answers();
  private @Nullable ScheduledFuture<?> headDeadline;
  private @Nullable ScheduledFuture<?> lingering;
  private @Nullable HttpExchange current;
  private @Nullable H1Request request;
  private boolean parsing;
  private boolean requestEnded;
  private boolean responseEnded;
  private boolean keepAlive = true;
  private boolean draining;
  private boolean inputEnded;
  private boolean upgrading;
  private @Nullable H1Tunnel tunnel;
  private boolean closing;

  private H1Server(Channel channel, OnDemand demand, HttpService service, HttpLimits limits) {
    this.channel = channel;
    this.demand = demand;
    this.service = service;
    this.limits = limits;
    this.reader = new H1Reader(true, limits, this);
    this.writer = new H1Writer(channel);
  }

  /** Adds the handler of such a connection, whose pipeline begins with an {@link OnDemand}. */
  public static H1Server install(ChannelPipeline pipeline, HttpService service, HttpLimits limits) {
    Channel channel = pipeline.channel();
    H1Server server = new H1Server(channel, OnDemand.of(channel), service, limits);
    pipeline.addLast("h1", server);
    return server;
  }

  // Requests.

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (closing) {
      bytes.release();
    } else if (tunnel != null) {
      tunnel.received(bytes);
    } else {
      parse(() -> reader.read(channel.alloc(), bytes));
    }
  }

  /** A step of the reader. */
  private interface Parsing {
    void run() throws H1Malformed;
  }

  private void parse(Parsing step) {
    parsing = true;
    try {
      step.run();
    } catch (H1Malformed e) {
      malformed(e.failure());
    } finally {
      parsing = false;
    }
  }

  @Override
  public boolean part(HttpObject part) {
    if (closing) {
      ReferenceCountUtil.release(part);
    } else if (tunnel != null) {
      tunnel.received(((HttpContent) part).content());
    } else if (part instanceof HttpRequest head) {
      begin(head);
    } else if (part instanceof HttpContent content) {
      body(content);
    }
    return !closing && !busy();
  }

  /** Whether what follows is none of the request under way, whose answer is not complete. */
  private boolean busy() {
    return request != null && (requestEnded || (upgrading && tunnel == null));
  }

  private void begin(HttpRequest head) {
    stopHeadDeadline();
    Failure wrong = H1Failures.check(head);
    if (wrong != null) {
      malformed(wrong);
      return;
    }
    H1Request taken = H1Request.take(head);
    request = taken;
    requestEnded = false;
    responseEnded = false;
    keepAlive = taken.keepAlive();
    upgrading = taken.upgrading();
    answers.answering(head.method(), taken.old());
    HttpExchange exchange = service.exchange(this, head);
    current = exchange;
    exchange.start();
  }

  private void body(HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    if (last && upgrading && !responseEnded) {
      content.release(); // The request is over when the tunnel is, or when there is none.
      return;
    }
    requestEnded |= last;
    if (current == null || responseEnded) {
      content.release();
    } else {
      current.content(content);
    }
    if (last && responseEnded) {
      next();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    settle();
  }

  /** What was read so far is taken in. */
  private void settle() {
    if (closing) {
      demand.read();
    } else if (current != null) {
      current.requestBatchEnd();
    } else if (request == null && tunnel == null) {
      idle();
    } else {
      demand.read();
    }
  }

  private void malformed(Failure failure) {
    if (current != null) {
      current.malformed(failure);
      return;
    }
    keepAlive = false;
    requestEnded = false;
    service.refused(failure);
    answers.answering(HttpMethod.GET, false);
    write(DirectAnswer.text(failure));
    flush();
  }

  /** A head that has begun shall be whole in time. */
  private void startHeadDeadline() {
    if (headDeadline == null && reader.isInHead()) {
      headDeadline =
          channel
              .eventLoop()
              .schedule(this::headTooSlow, limits.headTime().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void stopHeadDeadline() {
    if (headDeadline != null) {
      headDeadline.cancel(false);
      headDeadline = null;
    }
  }

  void headTooSlow() {
    if (request == null && tunnel == null && !closing && reader.isInHead()) {
      malformed(
          new Failure(
              Failure.Kind.SLOW_HEAD,
              "the request's head was not complete after "
                  + limits.headTime().toSeconds()
                  + " s; the connection is closed"));
    }
  }

  // Answers.

  @Override
  public void write(HttpObject part) {
    if (closing || !channel.isActive()) {
      ReferenceCountUtil.release(part);
      return;
    }
    if (tunnel != null) {
      tunnel.write((HttpContent) part);
      return;
    }
    if (part instanceof HttpResponse response) {
      if (Informational.is(response)) {
        informational(response);
        return;
      }
      head(response);
      writer.response(response, answers.bodyless(response));
      if (answers.opensTunnel(response) && current != null) {
        beginTunnel(current);
        return;
      }
    }
    if (part instanceof HttpContent content) {
      boolean last = content instanceof LastHttpContent;
      writer.content(content);
      if (last) {
        responseEnded = true;
        endOfAnswer();
      }
    }
  }

  private void informational(HttpResponse response) {
    if (request == null || !request.old()) { // HTTP/1.0 has none.
      writer.response(response, true);
    }
    ReferenceCountUtil.release(response);
  }

  private void head(HttpResponse response) {
    boolean unread = request == null || (!requestEnded && !request.bodyless());
    boolean isEarly = unread && response instanceof FullHttpResponse;
    keepAlive &= answers.frame(response) && !draining && !inputEnded && !isEarly;
    if (!answers.opensTunnel(response)) {
      keepAlive &= !hasTunnelsBytes();
      answers.persist(response, keepAlive);
    }
  }

  /**
   * Bytes that came for a tunnel before it was declined are not read as a request. The connection
   * lives where there are none, since some ways to authenticate take several requests on one; what
   * is sent later is a request, as it would be without us.
   */
  private boolean hasTunnelsBytes() {
    return request != null && request.connect() && reader.hasUnread();
  }

  private void endOfAnswer() {
    current = null;
    keepAlive &= !hasTunnelsBytes();
    if (upgrading) {
      requestEnded = true; // The upgrade was declined; the request had no body.
      upgrading = false;
    }
    if (!keepAlive) {
      closeGently();
    } else if (requestEnded) {
      next();
    } else if (request != null && !request.bodyless()) {
      closeGently(); // The rest of the body would have to be read for nothing.
    }
  }

  /** On to the next request, which may be here already. */
  private void next() {
    request = null;
    if (parsing) {
      return; // The reader goes on by itself.
    }
    parse(reader::readOn);
    if (!closing) {
      settle();
    }
  }

  private void idle() {
    writer.flush();
    if (inputEnded) {
      Ends.both(channel);
    } else {
      startHeadDeadline();
      demand.read();
    }
  }

  private void beginTunnel(HttpExchange exchange) {
    writer.flush();
    H1Tunnel begun = new H1Tunnel(channel, exchange);
    tunnel = begun;
    upgrading = false;
    reader.becomeRaw();
    parse(reader::readOn);
    if (inputEnded) {
      begun.inputEnded(); // The application had closed its side before.
    } else {
      exchange.requestBatchEnd();
    }
  }

  // The connection.

  @Override
  public void flush() {
    writer.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public void read() {
    demand.read();
  }

  /** A reset, so that no client takes the answer for complete. */
  @Override
  public void abort() {
    closing = true;
    current = null;
    writer.release();
    Resets.reset(channel);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable() && current != null) {
      current.callerWritable();
    }
    context.fireChannelWritabilityChanged();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputEnded(context);
    } else {
      context.fireUserEventTriggered(event);
    }
  }

  /** A client may close its side after its request and still get its answer. */
  private void inputEnded(ChannelHandlerContext context) {
    inputEnded = true;
    if (closing || request == null) {
      Ends.both(channel); // An answer may be on its way still.
    } else if (tunnel != null) {
      tunnel.inputEnded();
    } else if (current != null && ((!requestEnded && !upgrading) || current.isHeldBack())) {
      current.callerClosed();
      current = null;
      context.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    closing = true;
    if (current != null) {
      current.callerClosed();
      current = null;
    }
    stopHeadDeadline();
    if (lingering != null) {
      lingering.cancel(false); // It would keep what the connection had for as long.
    }
    reader.release();
    writer.release();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    System.getLogger(H1Server.class.getName())
        .log(System.Logger.Level.DEBUG, () -> "closing " + context.channel(), cause);
    context.close();
  }

  /**
   * Sends what is written and ends our side; reads to the peer's end, so that it is not reset,
   * unless nothing can come that it has not promised not to send.
   */
  private void closeGently() {
    boolean over = inputEnded || isLast();
    closing = true;
    stopHeadDeadline();
    reader.release();
    writer.flush();
    if (over) {
      Ends.both(channel);
      return;
    }
    Ends.output(channel).addListener(_ -> linger());
    demand.read();
  }

  /** The peer has all, and a moment to end its side. */
  private void linger() {
    if (channel.isActive()) {
      lingering =
          channel.eventLoop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Whether the client has asked to close after this request, and has sent nothing behind it. */
  private boolean isLast() {
    return request != null && !request.keepAlive() && requestEnded && !reader.isInHead();
  }

  /** Closes after the answer under way; an idle connection after a moment in which it may speak. */
  @Override
  public void drain() {
    draining = true;
    channel.eventLoop().schedule(this::closeIfIdle, IDLE_GRACE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void closeIfIdle() {
    if (request == null && !closing && headDeadline == null) {
      Ends.both(channel);
    }
  }
}
