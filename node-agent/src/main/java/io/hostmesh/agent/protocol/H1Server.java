package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server side of an HTTP/1.1 connection from an application: one request at a time, pipelined
 * ones wait and are answered in order. The channel is read only on demand. Used by its event loop
 * only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H1Server extends ChannelInboundHandlerAdapter implements HttpCaller, Drainable {
  private static final long LINGER_SECONDS = 2;

  private final HttpService service;
  private final HttpLimits limits;
  private final H1Answers answers = new H1Answers();
  private final SlowHead slowHead;
  private final H1RequestDecoder decoder;
  private final ArrayDeque<HttpObject> pipelined = new ArrayDeque<>();
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable HttpExchange current;
  private @Nullable H1Request request;
  private boolean requestEnded;
  private boolean responseEnded;
  private boolean keepAlive = true;
  private boolean advancing;
  private boolean draining;
  private boolean inputEnded;
  private boolean upgrading;
  private @Nullable H1Tunnel tunnel;
  private boolean closing;

  private H1Server(HttpService service, HttpLimits limits) {
    this.service = service;
    this.limits = limits;
    this.slowHead = new SlowHead(limits, this);
    this.decoder = new H1RequestDecoder(limits);
  }

  /** Adds the handlers of such a connection; reading begins when they are in. */
  public static H1Server install(ChannelPipeline pipeline, HttpService service, HttpLimits limits) {
    H1Server server = new H1Server(service, limits);
    pipeline.addLast("slow-head", server.slowHead);
    pipeline.addLast("h1-requests", server.decoder);
    pipeline.addLast("h1-answers", server.answers);
    pipeline.addLast("h1", server);
    return server;
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

  // Requests.

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (closing) {
      ReferenceCountUtil.release(message);
    } else if (message instanceof ByteBuf bytes) {
      tunnelled(bytes);
    } else if (message instanceof HttpObject part) {
      if (busy() || !pipelined.isEmpty()) {
        pipelined.add(part);
      } else {
        accept(part);
      }
    } else {
      context.fireChannelRead(message);
    }
  }

  private void tunnelled(ByteBuf bytes) {
    if (tunnel != null) {
      tunnel.received(bytes);
    } else {
      bytes.release();
    }
  }

  /** Whether the request under way has been read completely and its answer is not complete. */
  private boolean busy() {
    return request != null && requestEnded;
  }

  private void accept(HttpObject part) {
    if (part.decoderResult().isFailure()) {
      Failure failure = H1Failures.of(part.decoderResult().cause(), request != null);
      ReferenceCountUtil.release(part);
      malformed(failure);
      return;
    }
    if (part instanceof HttpRequest head) {
      begin(head);
    }
    if (part instanceof HttpContent content) {
      body(content);
    }
  }

  private void begin(HttpRequest head) {
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
    if (closing) {
      context.read();
    } else if (current != null) {
      current.requestBatchEnd();
    } else if (request == null) {
      context.flush();
      context.read();
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

  /** Whether the next bytes belong to a head of which some have come. */
  boolean hasPartOfHead() {
    return request == null && tunnel == null && !closing && decoder.headBegun();
  }

  void headTooSlow() {
    if (hasPartOfHead()) {
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
    ChannelHandlerContext context = context();
    if (closing || !context.channel().isActive()) {
      ReferenceCountUtil.release(part);
      return;
    }
    if (tunnel != null) {
      tunnel.write((HttpContent) part);
      return;
    }
    if (part instanceof HttpResponse response) {
      if (Informational.is(response)) {
        informational(context, response);
        return;
      }
      head(response);
    }
    context.write(part, context.voidPromise());
    if (part instanceof HttpResponse response
        && response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)
        && current != null) {
      beginTunnel(context, current);
    } else if (part instanceof LastHttpContent) {
      responseEnded = true;
      endOfAnswer();
    }
  }

  private void informational(ChannelHandlerContext context, HttpResponse response) {
    if (request != null && request.old()) {
      ReferenceCountUtil.release(response); // HTTP/1.0 has none.
    } else {
      context.write(response, context.voidPromise());
    }
  }

  private void head(HttpResponse response) {
    boolean unread = request == null || (!requestEnded && !request.bodyless());
    boolean isEarly = unread && response instanceof FullHttpResponse;
    keepAlive &= answers.frame(response) && !draining && !inputEnded && !isEarly;
    if (!response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      answers.persist(response, keepAlive);
    }
  }

  private void endOfAnswer() {
    current = null;
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

  /** On to the next pipelined request. */
  private void next() {
    request = null;
    if (advancing) {
      return;
    }
    advancing = true;
    while (!closing && !busy() && !pipelined.isEmpty()) {
      accept(pipelined.poll());
    }
    advancing = false;
    if (request == null && !closing) {
      idle();
    } else if (current != null) {
      current.requestBatchEnd();
    }
  }

  private void idle() {
    ChannelHandlerContext context = context();
    context.flush();
    if (inputEnded) {
      context.close();
    } else {
      if (hasPartOfHead()) { // It came with the request before.
        slowHead.begin();
      }
      context.read();
    }
  }

  private void beginTunnel(ChannelHandlerContext context, HttpExchange exchange) {
    H1Tunnel begun = new H1Tunnel(context, exchange);
    tunnel = begun;
    upgrading = false;
    // The encoder has to be gone after the head, which has no end mark of its own, is written.
    context.flush();
    context.pipeline().remove(answers);
    context.pipeline().remove(slowHead);
    context.pipeline().remove(decoder);
    if (inputEnded) {
      begun.inputEnded(); // The application had closed its side before.
    } else {
      context.read();
    }
  }

  // The connection.

  @Override
  public void flush() {
    context().flush();
  }

  @Override
  public boolean writable() {
    return context().channel().isWritable();
  }

  @Override
  public void read() {
    context().read();
  }

  /** A reset, so that no client takes the answer for complete. */
  @Override
  public void abort() {
    closing = true;
    current = null;
    Resets.reset(context().channel());
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
    if (closing || (request == null && pipelined.isEmpty())) {
      context.close();
    } else if (tunnel != null) {
      tunnel.inputEnded();
    } else if (current != null && !requestEnded && !upgrading) {
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
    pipelined.forEach(ReferenceCountUtil::release);
    pipelined.clear();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    System.getLogger(H1Server.class.getName())
        .log(System.Logger.Level.DEBUG, () -> "closing " + context.channel(), cause);
    context.close();
  }

  /** Sends what is written, ends our side and reads to the peer's end, so that it is not reset. */
  private void closeGently() {
    closing = true;
    ChannelHandlerContext context = context();
    pipelined.forEach(ReferenceCountUtil::release);
    pipelined.clear();
    if (inputEnded) {
      context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
      return;
    }
    context
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(_ -> ((DuplexChannel) context.channel()).shutdownOutput());
    context.executor().schedule(() -> context.close(), LINGER_SECONDS, TimeUnit.SECONDS);
    context.read();
  }

  /** Closes after the answer under way; an idle connection after a moment in which it may speak. */
  @Override
  public void drain() {
    draining = true;
    ChannelHandlerContext context = context();
    context.executor().schedule(this::closeIfIdle, IDLE_GRACE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void closeIfIdle() {
    if (request == null && pipelined.isEmpty() && !closing && !slowHead.counting()) {
      context().close();
    }
  }
}
