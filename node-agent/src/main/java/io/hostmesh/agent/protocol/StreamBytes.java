package io.hostmesh.agent.protocol;

import io.hostmesh.agent.h2.H2LinkStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection inside a CONNECT stream (RFC 9113 section 8.5): END_STREAM is FIN, RST_STREAM is
 * RST. Used by its event loop only.
 */
public final class StreamBytes implements ByteStream, H2LinkStream.Events {
  private final H2LinkStream stream;
  private @Nullable Receiver receiver;
  private boolean inputEnded;
  private boolean outputEnded;
  private boolean over;

  /**
   * @param stream whose heads have been exchanged
   */
  public StreamBytes(H2LinkStream stream) {
    this.stream = stream;
  }

  private Receiver receiver() {
    Receiver to = receiver;
    if (to == null) {
      throw new IllegalStateException("not begun");
    }
    return to;
  }

  @Override
  public void begin(Receiver to) {
    receiver = to;
    stream.listen(this);
    if (over) {
      to.closed();
    } else if (stream.isClosed()) { // Before anybody could hear of it.
      to.broken("closed before the end");
      over();
    }
  }

  @Override
  public void headers(Http2Headers headers, boolean end) {
    if (end) {
      inputEnded(); // A CONNECT stream has no trailers; what they say is nobody's.
    }
  }

  @Override
  public void data(ByteBuf bytes, boolean end) {
    if (bytes.isReadable()) {
      receiver().received(bytes);
    } else {
      bytes.release();
    }
    if (end) {
      inputEnded();
    }
  }

  private void inputEnded() {
    inputEnded = true;
    receiver().inputEnded();
    closeIfOver();
  }

  private void closeIfOver() {
    if (inputEnded && outputEnded) {
      over();
    }
  }

  private void over() {
    if (!over) {
      over = true;
      if (receiver != null) {
        receiver.closed();
      }
    }
  }

  @Override
  public void batchEnd() {
    receiver().batchEnd();
  }

  @Override
  public void roomAgain() {
    receiver().roomAgain();
  }

  @Override
  public void reset(long code) {
    receiver().broken("reset the connection");
    over();
  }

  @Override
  public void closed(boolean unseen) {
    receiver().broken("closed before the end");
    over();
  }

  @Override
  public void read() {
    stream.read();
  }

  @Override
  public void write(ByteBuf bytes) {
    if (bytes.isReadable()) {
      stream.data(bytes, false);
    } else {
      bytes.release();
    }
  }

  @Override
  public void flush() {
    stream.flush();
  }

  @Override
  public boolean writable() {
    return stream.writable();
  }

  @Override
  public void endOutput() {
    outputEnded = true;
    stream.data(Unpooled.EMPTY_BUFFER, true);
    closeIfOver();
  }

  @Override
  public void close() {
    closeIfOver();
  }

  @Override
  public void reset() {
    stream.reset(Http2Error.CONNECT_ERROR);
    over();
  }
}
