package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a connection's frames in one buffer, which goes out once in a turn of the event loop,
 * however many streams wrote. After {@link #end} nothing is written any more. Used by its
 * connection's event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class FrameWriter {
  /** Up to here bytes are copied behind their frame's header; more are passed on as they are. */
  private static final int COPY = 4096;

  private static final int FIRST_BUFFER = 4096;
  private static final int FULL_BUFFER = 64 * 1024;

  private final ChannelHandlerContext ctx;
  private final HeaderCodec headers;
  private final Runnable flush = this::flushNow;
  private @Nullable ByteBuf out;
  private boolean flushing;
  private boolean ended;
  private int maxFrame = Frames.MAX_PAYLOAD;

  FrameWriter(ChannelHandlerContext ctx, HeaderCodec headers) {
    this.ctx = ctx;
    this.headers = headers;
  }

  /** The peer takes frames of this size. */
  void maxFrame(int size) {
    maxFrame = Math.min(size, 4 * Frames.MAX_PAYLOAD);
  }

  private ByteBuf out() {
    ByteBuf buffer = out;
    if (buffer == null) {
      buffer = ctx.alloc().directBuffer(FIRST_BUFFER);
      out = buffer;
    }
    return buffer;
  }

  /** Sends what was written at the end of this turn of the event loop. */
  void flushSoon() {
    if (!flushing && !ended) {
      flushing = true;
      ctx.executor().execute(flush);
    }
  }

  void flushNow() {
    flushing = false;
    passOn();
    ctx.flush();
  }

  private void passOn() {
    ByteBuf buffer = out;
    if (buffer != null) {
      out = null;
      ctx.write(buffer, ctx.channel().voidPromise());
    }
  }

  /** Forgets what was not sent. */
  void end() {
    ended = true;
    ByteBuf buffer = out;
    if (buffer != null) {
      out = null;
      buffer.release();
    }
  }

  void preface(H2Settings settings) {
    Preface.write(out(), settings);
    flushSoon();
  }

  void headers(int stream, Http2Headers list, boolean end) {
    if (!ended) {
      headers.write(out(), stream, list, end, maxFrame);
      flushSoon();
    }
  }

  /** Takes bytes over, for which the peer has room. */
  void data(int stream, ByteBuf bytes, boolean end) {
    if (ended) {
      bytes.release();
      return;
    }
    flushSoon();
    int left = bytes.readableBytes();
    do {
      int size = Math.min(left, maxFrame);
      left -= size;
      ByteBuf to = out();
      Frames.header(to, size, Frames.DATA, end && left == 0 ? Frames.END_STREAM : 0, stream);
      if (size > COPY) {
        passOn();
        ctx.write(left == 0 ? bytes : bytes.readRetainedSlice(size), ctx.channel().voidPromise());
        continue;
      }
      to.writeBytes(bytes, size);
      if (left == 0) {
        bytes.release();
      }
      if (to.readableBytes() >= FULL_BUFFER) {
        passOn();
      }
    } while (left > 0);
  }

  void reset(int stream, Http2Error code) {
    if (!ended) {
      Frames.reset(out(), stream, code.code());
      flushSoon();
    }
  }

  void windowUpdate(int stream, int increment) {
    if (!ended) {
      Frames.windowUpdate(out(), stream, increment);
      flushSoon();
    }
  }

  void settingsAck() {
    if (!ended) {
      Frames.header(out(), 0, Frames.SETTINGS, Frames.ACK, 0);
      flushSoon();
    }
  }

  void ping(boolean ack, long content) {
    if (!ended) {
      Frames.ping(out(), ack, content);
      flushSoon();
    }
  }

  void goAway(int lastStream, Http2Error code) {
    if (!ended) {
      Frames.goAway(out(), lastStream, code.code());
      flushSoon();
    }
  }
}
