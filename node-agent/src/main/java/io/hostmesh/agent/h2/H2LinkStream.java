package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 stream (RFC 9113 section 5.1). What the peer sends is delivered on demand: {@link
 * #read} asks for what comes until the next {@link Events#batchEnd}, the rest waits, and the peer
 * is told of room only as bytes are delivered. Used by its event loop only.
 */
public final class H2LinkStream {
  /** Beyond so many bytes that the peer does not take, no more are wanted from us. */
  private static final int HIGH_WATER = 64 * 1024;

  /**
   * Who gets what the peer sends. Nothing comes any more after {@link #reset} or {@link #closed}.
   */
  public interface Events {
    /** A head or trailers; {@code end} where nothing follows. */
    void headers(Http2Headers headers, boolean end);

    /** Bytes, taken over; {@code end} where nothing follows. */
    void data(ByteBuf bytes, boolean end);

    /** Nothing more for the moment. */
    void batchEnd();

    /** More can be written, after {@link H2LinkStream#writable} was false. */
    void roomAgain();

    /**
     * The peer gave the stream up.
     *
     * @param code of {@link Http2Error}, or one that is none of them
     */
    void reset(long code);

    /**
     * The connection is over, or takes no more streams, before the end of this one.
     *
     * @param unseen whether the peer has said that it has not looked at it
     */
    void closed(boolean unseen);
  }

  /** Headers, or bytes, or neither: the connection's end, {@code end} where it was unseen. */
  private record Arrived(@Nullable Http2Headers headers, @Nullable ByteBuf bytes, boolean end) {}

  private record Unsent(@Nullable Http2Headers headers, @Nullable ByteBuf bytes, boolean end) {
    int size() {
      return bytes == null ? 0 : bytes.readableBytes();
    }
  }

  private final H2Link link;
  private final ReceiveWindow receiving;
  final SendWindow sending;

  /** 0 until the head is written: ids have to be used in their order. */
  int id;

  private @Nullable Events events;
  private @Nullable ArrayDeque<Arrived> arrived;
  private @Nullable ArrayDeque<Unsent> unsent;
  private int unsentBytes;
  private boolean wanted;
  boolean touched;
  boolean waiting;
  private boolean headSent;
  private boolean wasUnwritable;
  boolean localEnded;
  boolean remoteEnded;
  boolean finalHeadRead;
  private boolean closed;
  private boolean askedHead;
  private boolean askedConnect;
  private long expected = -1;
  private long received;

  H2LinkStream(H2Link link, int id, int sendWindow, int receiveWindow) {
    this.link = link;
    this.id = id;
    this.sending = new SendWindow(sendWindow);
    this.receiving = new ReceiveWindow(receiveWindow);
  }

  /** Who gets what comes; before anything does. */
  public void listen(Events to) {
    events = to;
  }

  private Events events() {
    Events to = events;
    if (to == null) {
      throw new IllegalStateException("nobody listens to stream " + id);
    }
    return to;
  }

  // What goes out.

  /** Sends a head, or trailers behind what was sent. */
  public void headers(Http2Headers headers, boolean end) {
    if (closed || localEnded) {
      return;
    }
    if (unsent != null && !unsent.isEmpty()) {
      unsent.add(new Unsent(headers, null, end));
      return;
    }
    writeHeaders(headers, end);
  }

  private void writeHeaders(Http2Headers headers, boolean end) {
    if (!headSent) {
      headSent = true;
      CharSequence method = headers.method();
      askedHead = method != null && "HEAD".contentEquals(method);
      askedConnect = method != null && "CONNECT".contentEquals(method);
    }
    link.writeHeaders(this, headers, end);
    if (end) {
      endLocal();
    }
  }

  /** Sends bytes, which are taken over, as soon as the peer has room for them. */
  public void data(ByteBuf bytes, boolean end) {
    if (closed || localEnded) {
      bytes.release();
      return;
    }
    int size = bytes.readableBytes();
    if ((unsent == null || unsent.isEmpty()) && size <= link.room(this)) {
      link.writeData(this, bytes, end);
      if (end) {
        endLocal();
      }
      return;
    }
    ArrayDeque<Unsent> queue = unsent;
    if (queue == null) {
      queue = new ArrayDeque<>(4);
      unsent = queue;
    }
    queue.add(new Unsent(null, bytes, end));
    unsentBytes += size;
    pump();
  }

  /** Sends what waits, as far as the peer has room. */
  void pump() {
    ArrayDeque<Unsent> queue = unsent;
    if (queue == null) {
      return;
    }
    while (!closed && !queue.isEmpty()) {
      Unsent next = queue.peek();
      ByteBuf bytes = next.bytes();
      Http2Headers headers = next.headers();
      int room = link.room(this);
      if (bytes != null && next.size() > room) {
        if (room <= 0) {
          link.waitForRoom(this);
          return;
        }
        unsentBytes -= room;
        link.writeData(this, bytes.readRetainedSlice(room), false);
        continue;
      }
      queue.poll();
      if (headers != null) {
        link.writeHeaders(this, headers, next.end());
      } else if (bytes != null) {
        unsentBytes -= next.size();
        link.writeData(this, bytes, next.end());
      }
      if (next.end()) {
        endLocal();
      }
    }
    tellWritable();
  }

  private void endLocal() {
    localEnded = true;
    closeIfOver();
  }

  /** What was written goes out at the end of this turn of the event loop. */
  public void flush() {
    link.flushSoon();
  }

  /** Whether the peer lets a stream change its protocol (RFC 8441 section 3). */
  public boolean peerTakesConnect() {
    return link.peerTakesConnect();
  }

  /** Whether more is wanted from us now. */
  public boolean writable() {
    boolean writable = !closed && unsentBytes < HIGH_WATER && link.isWritable();
    wasUnwritable |= !writable;
    return writable;
  }

  void tellWritable() {
    if (wasUnwritable && writable()) {
      wasUnwritable = false;
      events().roomAgain();
    }
  }

  /** Gives the stream up; nothing more is heard of it. */
  public void reset(Http2Error code) {
    if (closed) {
      dropArrived();
      return;
    }
    if (id != 0) {
      link.writeReset(id, code);
    }
    close();
    dropArrived();
  }

  // What comes in.

  /** Asks for more, until the next {@link Events#batchEnd}. */
  public void read() {
    wanted = true;
    ArrayDeque<Arrived> queue = arrived;
    if (queue != null && !queue.isEmpty()) {
      link.touch(this); // Delivered from the loop, so that events do not nest.
      link.deliverSoon();
    }
  }

  void headersArrived(Http2Headers headers, boolean end) throws H2Error {
    if (end) {
      endRemote();
    }
    if (!wanted || hasArrived()) {
      queue(new Arrived(headers, null, end));
    } else {
      events().headers(headers, end);
    }
    link.touch(this);
    closeIfOver();
  }

  /** How long the body will be, as its head says. */
  void expect(long length) {
    expected = length;
  }

  /**
   * Whether an answer's length says how much comes behind it: not to HEAD, and not in a tunnel (RFC
   * 9110 section 9.3.6).
   */
  boolean expectsLength(int status) {
    return status != 204
        && status != 304
        && !askedHead
        && !(askedConnect && status >= 200 && status < 300);
  }

  /**
   * Counts bytes of a DATA frame, padding included.
   *
   * @throws H2Error where they are more than the window
   */
  void count(int length) throws H2Error {
    if (!receiving.receive(length)) {
      throw H2Error.stream(id, Http2Error.FLOW_CONTROL_ERROR, "more DATA than the window has room");
    }
  }

  /** Takes bytes over. */
  void dataArrived(ByteBuf bytes, boolean end) throws H2Error {
    int size = bytes.readableBytes();
    received += size;
    if (expected >= 0 && received > expected) {
      bytes.release();
      link.consumed(size);
      throw lengthError();
    }
    if (end) {
      try {
        endRemote();
      } catch (H2Error e) {
        bytes.release();
        link.consumed(size);
        throw e;
      }
    }
    if (!wanted || hasArrived()) {
      queue(new Arrived(null, bytes, end));
    } else {
      consumed(size);
      events().data(bytes, end);
    }
    link.touch(this);
    closeIfOver();
  }

  private void endRemote() throws H2Error {
    if (expected >= 0 && received != expected && !(received == 0 && askedHead)) {
      throw lengthError();
    }
    remoteEnded = true;
  }

  private H2Error lengthError() {
    return H2Error.stream(
        id, Http2Error.PROTOCOL_ERROR, "the body is not as long as content-length says");
  }

  private void closeIfOver() {
    if (remoteEnded && localEnded) {
      close();
    }
  }

  /** Padding, and bytes that somebody took. */
  void consumed(int bytes) {
    if (bytes == 0) {
      return;
    }
    link.consumed(bytes);
    int update = receiving.consume(bytes);
    if (update > 0 && !remoteEnded && !closed) {
      link.writer().windowUpdate(id, update);
    }
  }

  private boolean hasArrived() {
    return arrived != null && !arrived.isEmpty();
  }

  private void queue(Arrived part) {
    ArrayDeque<Arrived> queue = arrived;
    if (queue == null) {
      queue = new ArrayDeque<>(4);
      arrived = queue;
    }
    queue.add(part);
  }

  /** The end of a batch: what was asked for meanwhile, and the word that this is all. */
  void deliver() {
    touched = false;
    if (!wanted || events == null) {
      return;
    }
    ArrayDeque<Arrived> queue = arrived;
    while (queue != null && !queue.isEmpty()) {
      Arrived part = queue.poll();
      if (part.headers() != null) {
        events().headers(part.headers(), part.end());
      } else if (part.bytes() != null) {
        consumed(part.bytes().readableBytes());
        events().data(part.bytes(), part.end());
      } else {
        events().closed(part.end());
        return;
      }
    }
    wanted = false;
    events().batchEnd();
  }

  void resetArrived(long code) {
    if (!closed) {
      close();
      dropArrived();
      endBatch();
      events().reset(code);
    }
  }

  void connectionClosed(boolean unseen) {
    if (!closed) {
      close();
      if (remoteEnded && hasArrived()) {
        queue(new Arrived(null, null, unseen)); // What came whole is still delivered.
      } else {
        dropArrived();
        endBatch();
        events().closed(unseen);
      }
    }
  }

  /** What was delivered before a break goes on before it. */
  private void endBatch() {
    if (touched && wanted) {
      wanted = false;
      events().batchEnd();
    }
  }

  private void close() {
    if (closed) {
      return;
    }
    closed = true;
    ArrayDeque<Unsent> queue = unsent;
    if (queue != null) {
      for (Unsent part : queue) {
        if (part.bytes() != null) {
          part.bytes().release();
        }
      }
      queue.clear();
      unsentBytes = 0;
    }
    link.streamClosed(this);
  }

  private void dropArrived() {
    ArrayDeque<Arrived> queue = arrived;
    if (queue == null) {
      return;
    }
    for (Arrived part : queue) {
      if (part.bytes() != null) {
        link.consumed(part.bytes().readableBytes());
        part.bytes().release();
      }
    }
    queue.clear();
  }

  /** Whether both sides have ended, or one has given the stream up. */
  public boolean isClosed() {
    return closed;
  }
}
