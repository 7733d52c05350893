package io.hostmesh.agent.upstream;

import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.protocol.H2Messages;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.ReferenceCountUtil;

/** A request on an HTTP/2 stream that this agent opened. Used by its event loop only. */
final class H2Stream implements HttpStream, H2LinkStream.Events {
  private final H2LinkStream stream;
  private final H2Messages messages;
  private final Observer observer;
  private final Object where;
  private boolean over;

  private H2Stream(H2LinkStream stream, boolean agent, Observer observer, Object where) {
    this.stream = stream;
    this.messages = new H2Messages(stream, false, agent, this::received);
    this.observer = observer;
    this.where = where;
    stream.listen(this);
  }

  /**
   * Opens a stream for an observer.
   *
   * @param agent whether another agent is asked, not an application
   */
  static <K> void open(H2Pool<K> pool, K key, boolean agent, Observer observer) {
    pool.open(
        key,
        new H2Pool.Opened() {
          @Override
          public void opened(H2LinkStream stream) {
            observer.opened(new H2Stream(stream, agent, observer, key));
          }

          @Override
          public void failed(Failure failure) {
            observer.failed(failure, true);
          }
        });
  }

  // The answer.

  @Override
  public void headers(Http2Headers headers, boolean end) {
    try {
      messages.headers(headers, end);
    } catch (IllegalArgumentException e) {
      stream.reset(Http2Error.PROTOCOL_ERROR);
      fail(
          new Failure(
              Failure.Kind.UPSTREAM_PROTOCOL,
              "the answer of " + where + " is not well-formed: " + e.getMessage()),
          false);
    }
  }

  @Override
  public void data(ByteBuf bytes, boolean end) {
    messages.data(bytes, end);
  }

  private void received(HttpObject part) {
    if (over) {
      ReferenceCountUtil.release(part);
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
  public void batchEnd() {
    if (!over) {
      observer.responseBatchEnd();
    }
  }

  @Override
  public void roomAgain() {
    if (!over) {
      observer.streamWritable();
    }
  }

  @Override
  public void reset(long code) {
    fail(
        new Failure(
            Failure.Kind.UPSTREAM_RESET,
            "the stream to " + where + " was reset (" + name(code) + ")"),
        code == Http2Error.REFUSED_STREAM.code());
  }

  private static String name(long code) {
    Http2Error error = Http2Error.valueOf(code);
    return error == null ? "code " + code : error.name();
  }

  @Override
  public void closed(boolean unseen) {
    fail(
        unseen
            ? new Failure(Failure.Kind.UPSTREAM_RESET, where + " took no more requests")
            : new Failure(
                Failure.Kind.UPSTREAM_CLOSED,
                "the connection to " + where + " closed before the end of the answer"),
        unseen);
  }

  private void fail(Failure failure, boolean unsent) {
    if (!over) {
      over = true;
      observer.failed(failure, unsent);
    }
  }

  // The request.

  @Override
  public void write(HttpObject part) {
    messages.write(part);
  }

  @Override
  public void flush() {
    messages.flush();
  }

  @Override
  public boolean writable() {
    return stream.writable();
  }

  @Override
  public void read() {
    stream.read();
  }

  @Override
  public void cancel() {
    over = true;
    stream.reset(Http2Error.CANCEL);
  }
}
