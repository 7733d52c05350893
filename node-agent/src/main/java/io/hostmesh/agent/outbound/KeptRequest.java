package io.hostmesh.agent.outbound;

import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * A request as far as it has come, kept so that it can be sent again, up to a bound. Used by its
 * event loop only.
 */
final class KeptRequest {
  private final HttpRequest head;
  private final int limit;
  private final ArrayDeque<HttpContent> body = new ArrayDeque<>(2);
  private int size;
  private boolean ended;
  private boolean repeatable = true;

  /**
   * @param limit bytes of body
   */
  KeptRequest(HttpRequest head, int limit) {
    this.head = head;
    this.limit = limit;
  }

  /** The head for one more try, which may be changed. */
  HttpRequest head() {
    return new DefaultHttpRequest(
        head.protocolVersion(), head.method(), head.uri(), head.headers().copy());
  }

  /** Whether all of the request has come. */
  boolean ended() {
    return ended;
  }

  /** Whether all that has come is here still. */
  boolean repeatable() {
    return repeatable;
  }

  /** Whether a part can be kept as well. */
  boolean takes(HttpContent part) {
    return size + part.content().readableBytes() <= limit;
  }

  /**
   * Takes a part over.
   *
   * @return false where it is too much to be kept; {@link #handOver} is all that is left then
   */
  boolean add(HttpContent part) {
    size += part.content().readableBytes();
    ended |= part instanceof LastHttpContent;
    body.add(part);
    repeatable &= size <= limit;
    return repeatable;
  }

  /** Sends a copy of all that has come, sharing its bytes. */
  void copyTo(Consumer<HttpContent> taker) {
    for (HttpContent part : body) {
      taker.accept(copy(part));
    }
  }

  /** A part that shares the bytes of another. */
  static HttpContent copy(HttpContent part) {
    if (!(part instanceof LastHttpContent last)) {
      return new DefaultHttpContent(part.content().retainedDuplicate());
    }
    return last.content().isReadable() || !last.trailingHeaders().isEmpty()
        ? new DefaultLastHttpContent(
            last.content().retainedDuplicate(), last.trailingHeaders().copy())
        : LastHttpContent.EMPTY_LAST_CONTENT;
  }

  /** Sends what is here, and keeps it no more. */
  void handOver(Consumer<HttpContent> taker) {
    repeatable = false;
    HttpContent part = body.poll();
    while (part != null) {
      taker.accept(part);
      part = body.poll();
    }
  }

  /** Keeps nothing any more. */
  void release() {
    repeatable = false;
    body.forEach(HttpContent::release);
    body.clear();
  }
}
