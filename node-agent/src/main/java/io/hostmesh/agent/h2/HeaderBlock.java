package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;

/**
 * A header block that comes in several frames (RFC 9113 section 4.3), between which no other frame
 * may come. Bounded in bytes, and in frames that carry next to nothing. Used by its connection's
 * event loop only.
 */
final class HeaderBlock {
  private static final int SMALL_FRAMES = 16;
  private static final int SMALL_BYTES = 1024;

  final int stream;
  final boolean endsStream;
  final boolean selfDependent;
  private final long maxBytes;
  private final ByteBuf bytes;
  private int continuations;

  /** Begins with the part of a HEADERS frame, which is copied. */
  HeaderBlock(
      int stream,
      boolean endsStream,
      boolean selfDependent,
      ByteBuf in,
      int length,
      long maxBytes) {
    this.stream = stream;
    this.endsStream = endsStream;
    this.selfDependent = selfDependent;
    this.maxBytes = maxBytes;
    this.bytes = in.alloc().buffer(2 * length + 64);
    bytes.writeBytes(in, length);
  }

  /**
   * Adds the part of a CONTINUATION frame.
   *
   * @throws H2Error where the block is too long, or in too many pieces
   */
  void add(ByteBuf in, int length) throws H2Error {
    continuations++;
    if (continuations > SMALL_FRAMES && bytes.readableBytes() / continuations < SMALL_BYTES) {
      throw H2Error.connection(Http2Error.ENHANCE_YOUR_CALM, "too many small CONTINUATION frames");
    }
    if (bytes.readableBytes() + length > maxBytes) {
      throw H2Error.connection(
          Http2Error.PROTOCOL_ERROR, "a header block beyond " + maxBytes + " bytes");
    }
    bytes.writeBytes(in, length);
  }

  /** The whole block; to be released with {@link #release}. */
  ByteBuf bytes() {
    return bytes;
  }

  void release() {
    bytes.release();
  }
}
