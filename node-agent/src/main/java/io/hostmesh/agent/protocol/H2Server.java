package io.hostmesh.agent.protocol;

import io.hostmesh.agent.h2.H2LinkStream;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** The server side of one HTTP/2 stream: one request. Used by its event loop only. */
final class H2Server implements HttpCaller, H2LinkStream.Events {
  /** As much of a request is read for nothing, after it was answered. */
  private static final int MAX_UNWANTED = 64 * 1024;

  private final H2LinkStream stream;
  private final H2Messages messages;
  private final HttpService service;
  private @Nullable HttpExchange exchange;
  private boolean over;
  private boolean requestEnded;
  private int unwanted;

  /** Listens to the stream. */
  H2Server(H2LinkStream stream, boolean agent, HttpService service) {
    this.stream = stream;
    this.messages = new H2Messages(stream, true, agent, this::received);
    this.service = service;
    stream.listen(this);
  }

  // The request.

  @Override
  public void headers(Http2Headers headers, boolean end) {
    try {
      messages.headers(headers, end);
    } catch (IllegalArgumentException e) {
      System.getLogger(H2Server.class.getName())
          .log(System.Logger.Level.DEBUG, "a malformed message on an HTTP/2 stream", e);
      gone();
      stream.reset(Http2Error.PROTOCOL_ERROR);
    }
  }

  @Override
  public void data(ByteBuf bytes, boolean end) {
    messages.data(bytes, end);
  }

  private void received(HttpObject part) {
    requestEnded |= part instanceof LastHttpContent;
    if (answered() && part instanceof HttpContent content) {
      unwanted += content.content().readableBytes();
    }
    if (over || answered()) {
      ReferenceCountUtil.release(part);
      return;
    }
    switch (part) {
      case HttpRequest head -> {
        HttpExchange begun = service.exchange(this, head);
        exchange = begun;
        begun.start();
      }
      case HttpContent content when exchange != null -> exchange.content(content);
      default -> ReferenceCountUtil.release(part);
    }
  }

  @Override
  public void batchEnd() {
    if (answered()) {
      discard();
    } else if (exchange == null) {
      stream.read();
    } else {
      exchange.requestBatchEnd();
    }
  }

  private boolean answered() {
    return exchange != null && exchange.isOver();
  }

  /** A stream closes only when all that came was read (RFC 9113 section 8.1 on early answers). */
  private void discard() {
    if (requestEnded) {
      return;
    }
    if (unwanted > MAX_UNWANTED || stream.isClosed()) { // What waits in a closed one is dropped.
      stream.reset(Http2Error.NO_ERROR);
    } else {
      stream.read();
    }
  }

  @Override
  public void roomAgain() {
    if (exchange != null) {
      exchange.callerWritable();
    }
  }

  @Override
  public void reset(long code) {
    gone();
  }

  @Override
  public void closed(boolean unseen) {
    gone();
  }

  private void gone() {
    over = true;
    if (exchange != null) {
      exchange.callerClosed();
    }
  }

  // The answer.

  @Override
  public void write(HttpObject part) {
    if (over) {
      ReferenceCountUtil.release(part);
    } else {
      messages.write(part);
    }
  }

  @Override
  public void flush() {
    messages.flush();
    if (answered()) {
      discard();
    }
  }

  @Override
  public boolean writable() {
    return !over && stream.writable();
  }

  @Override
  public void read() {
    stream.read();
  }

  @Override
  public void abort() {
    over = true;
    stream.reset(messages.brokenOff());
  }
}
