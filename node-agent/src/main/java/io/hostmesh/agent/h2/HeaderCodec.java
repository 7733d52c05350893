package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder.SensitivityDetector;

/** Header blocks of one connection, in both directions (RFC 7541), by Netty's coder. */
final class HeaderCodec {
  /** RFC 7541's default; more memory for each connection is not worth it. */
  private static final int MAX_TABLE = 4096;

  private final DefaultHttp2HeadersDecoder decoder;
  private final DefaultHttp2HeadersEncoder encoder =
      new DefaultHttp2HeadersEncoder(ONCE_ONLY, true);

  HeaderCodec(int maxHeaderList) {
    this.decoder = new DefaultHttp2HeadersDecoder(true, true, maxHeaderList);
  }

  /** Values that are another one each time would only push the useful ones out of the table. */
  private static final SensitivityDetector ONCE_ONLY =
      (name, _) ->
          switch (name.length()) {
            case 4 -> equals(name, "date") || equals(name, "etag");
            case 5 -> equals(name, ":path");
            case 11 -> equals(name, "traceparent");
            case 12 -> equals(name, "x-request-id");
            case 13 -> equals(name, "authorization");
            case 14 -> equals(name, "content-length");
            default -> false;
          };

  private static boolean equals(CharSequence name, String other) {
    for (int i = 0; i < other.length(); i++) {
      if (name.charAt(i) != other.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** How long a block may be, in bytes on the wire, before it is not read to its end. */
  long maxBlock() {
    return decoder.configuration().maxHeaderListSizeGoAway();
  }

  /** Reads a whole block. */
  Http2Headers read(int stream, ByteBuf block) throws Http2Exception {
    return decoder.decodeHeaders(stream, block);
  }

  /** The peer has told how large a table it keeps. */
  void peerTable(long size) throws Http2Exception {
    encoder.configuration().maxHeaderTableSize(Math.min(size, MAX_TABLE));
  }

  /** Writes a block as one frame, or as several where it is long. */
  void write(ByteBuf out, int stream, Http2Headers list, boolean end, int maxFrame) {
    int at = out.writerIndex();
    out.writeZero(Frames.HEADER);
    try {
      encoder.encodeHeaders(stream, list, out);
    } catch (Http2Exception e) {
      throw new IllegalArgumentException("headers that cannot be written", e);
    }
    int length = out.writerIndex() - at - Frames.HEADER;
    int endStream = end ? Frames.END_STREAM : 0;
    if (length <= maxFrame) {
      header(out, at, length, Frames.HEADERS, Frames.END_HEADERS | endStream, stream);
      return;
    }
    ByteBuf rest =
        out.copy(at + Frames.HEADER + maxFrame, length - maxFrame); // Makes way for more headers.
    header(out, at, maxFrame, Frames.HEADERS, endStream, stream);
    out.writerIndex(at + Frames.HEADER + maxFrame);
    while (rest.isReadable()) {
      int size = Math.min(rest.readableBytes(), maxFrame);
      boolean last = size == rest.readableBytes();
      Frames.header(out, size, Frames.CONTINUATION, last ? Frames.END_HEADERS : 0, stream);
      out.writeBytes(rest, size);
    }
    rest.release();
  }

  private static void header(ByteBuf out, int at, int length, int type, int flags, int stream) {
    out.setMedium(at, length);
    out.setByte(at + 3, type);
    out.setByte(at + 4, flags);
    out.setInt(at + 5, stream);
  }
}
