package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/**
 * What a peer sends, frame by frame, and whether it may (RFC 9113 sections 4 to 6). Bodies go on as
 * they come, all else when it is complete. Used by its connection's event loop only.
 */
final class FrameReader {
  private static final int RESETS_SECONDS = 30;

  private final H2Link link;
  private final HeaderCodec headers;
  private final PeerSettings peer;
  private final StreamIds ids;
  private final MessageReader messages;
  private final Budget resets;
  private final Budget control;
  private final Budget emptyData;
  private int prefaceLeft;
  private boolean settingsRead;

  // DATA that is being read.
  private boolean inData;
  private @Nullable H2LinkStream dataStream;
  private int dataLeft;
  private int paddingLeft;
  private boolean dataEnds;

  private @Nullable HeaderBlock block;

  FrameReader(H2Link link, H2Settings settings, HeaderCodec headers) {
    this.link = link;
    this.headers = headers;
    this.peer = new PeerSettings(link, headers, settings.server());
    this.ids = new StreamIds(link, settings.server());
    this.messages = new MessageReader(link, settings, headers, ids);
    this.prefaceLeft = settings.server() ? Preface.CLIENT.length : 0;
    long now = System.nanoTime();
    this.resets =
        new Budget(settings.resets(), Math.max(1, settings.resets() / RESETS_SECONDS), now);
    this.control = new Budget(1000, 100, now);
    this.emptyData = new Budget(100, 10, now);
  }

  StreamIds ids() {
    return ids;
  }

  void release() {
    if (block != null) {
      block.release();
      block = null;
    }
  }

  /** Reads as much as there is of whole frames, and of bodies. */
  void read(ByteBuf in) throws H2Error {
    while (prefaceLeft > 0 && in.isReadable()) {
      if (in.readByte() != Preface.CLIENT[Preface.CLIENT.length - prefaceLeft]) {
        throw H2Error.connection(Http2Error.PROTOCOL_ERROR, "not an HTTP/2 connection preface");
      }
      prefaceLeft--;
    }
    while (!link.isEnded()) {
      if (inData) {
        if (!data(in)) {
          return;
        }
      } else if (!frame(in)) {
        return;
      }
    }
  }

  /** Reads a frame, or a body's head; false where it is not complete. */
  private boolean frame(ByteBuf in) throws H2Error {
    if (in.readableBytes() < Frames.HEADER) {
      return false;
    }
    int at = in.readerIndex();
    int length = in.getUnsignedMedium(at);
    int type = in.getUnsignedByte(at + 3);
    int flags = in.getUnsignedByte(at + 4);
    int stream = in.getInt(at + 5) & Integer.MAX_VALUE;
    if (length > Frames.MAX_PAYLOAD) {
      throw H2Error.connection(Http2Error.FRAME_SIZE_ERROR, "a frame of " + length + " bytes");
    }
    if (block != null && (type != Frames.CONTINUATION || stream != block.stream)) {
      throw protocol("a header block interrupted by another frame");
    }
    if (!settingsRead && (type != Frames.SETTINGS || (flags & Frames.ACK) != 0)) {
      throw protocol("the first frame is not SETTINGS");
    }
    if (type == Frames.DATA) {
      int padded = (flags & Frames.PADDED) != 0 ? 1 : 0;
      if (in.readableBytes() < Frames.HEADER + padded) {
        return false;
      }
      in.skipBytes(Frames.HEADER);
      beginData(in, length, flags, stream);
      return true;
    }
    if (in.readableBytes() < Frames.HEADER + length) {
      return false;
    }
    in.skipBytes(Frames.HEADER);
    int end = in.readerIndex() + length;
    try {
      frame(type, flags, stream, in, length);
    } catch (H2Error e) {
      if (e.stream == 0) {
        throw e;
      }
      failStream(e);
    }
    in.readerIndex(end);
    return true;
  }

  /** One stream ends; where its errors are many, the connection does. */
  private void failStream(H2Error error) throws H2Error {
    spend(resets, "streams that fail");
    link.writeReset(error.stream, error.code);
    H2LinkStream stream = link.stream(error.stream);
    if (stream != null) {
      stream.resetArrived(error.code.code());
    }
  }

  private static void spend(Budget budget, String what) throws H2Error {
    if (!budget.take(System.nanoTime())) {
      throw H2Error.connection(Http2Error.ENHANCE_YOUR_CALM, "too many " + what);
    }
  }

  private static H2Error protocol(String message) {
    return H2Error.connection(Http2Error.PROTOCOL_ERROR, message);
  }

  private static void size(boolean right, String frame) throws H2Error {
    if (!right) {
      throw H2Error.connection(Http2Error.FRAME_SIZE_ERROR, "the size of " + frame);
    }
  }

  private void frame(int type, int flags, int stream, ByteBuf in, int length) throws H2Error {
    switch (type) {
      case Frames.HEADERS -> headers(in, length, flags, stream);
      case Frames.CONTINUATION -> continuation(in, length, flags);
      case Frames.PRIORITY -> priority(in, length, stream);
      case Frames.RST_STREAM -> reset(in, length, stream);
      case Frames.SETTINGS -> settings(in, length, flags, stream);
      case Frames.PUSH_PROMISE -> throw protocol("PUSH_PROMISE, which was not asked for");
      case Frames.PING -> ping(in, length, flags, stream);
      case Frames.GOAWAY -> {
        size(length >= 8, "GOAWAY");
        connectionOnly(stream, "GOAWAY");
        link.peerGoesAway(in.readInt() & Integer.MAX_VALUE);
      }
      case Frames.WINDOW_UPDATE -> windowUpdate(in, length, stream);
      default -> {} // Of an extension, which may be ignored (RFC 9113 section 5.5).
    }
  }

  private static void connectionOnly(int stream, String frame) throws H2Error {
    if (stream != 0) {
      throw protocol(frame + " on a stream");
    }
  }

  // DATA.

  private void beginData(ByteBuf in, int length, int flags, int id) throws H2Error {
    ids.requireOpened(id, "DATA");
    int padding = 0;
    int body = length;
    if ((flags & Frames.PADDED) != 0) {
      size(length >= 1, "padded DATA");
      padding = in.readUnsignedByte();
      body = length - 1 - padding;
      if (body < 0) {
        throw protocol("more padding than payload");
      }
    }
    link.count(length);
    H2LinkStream stream = link.stream(id);
    if (stream == null) {
      if (!ids.wasReset(id)) {
        throw H2Error.connection(Http2Error.STREAM_CLOSED, "DATA on a closed stream");
      }
      link.consumed(length); // It was on its way when we gave the stream up.
    } else if (stream.remoteEnded) {
      throw H2Error.connection(Http2Error.STREAM_CLOSED, "DATA behind the stream's end");
    } else {
      if (!stream.finalHeadRead) {
        throw protocol("DATA before the head");
      }
      stream = counted(stream, length, length - body);
    }
    inData = true;
    dataStream = stream;
    dataLeft = body;
    paddingLeft = padding;
    dataEnds = (flags & Frames.END_STREAM) != 0;
    if (body == 0 && !dataEnds) {
      spend(emptyData, "empty DATA frames");
    }
    if (body == 0) {
      part(Unpooled.EMPTY_BUFFER, dataEnds);
    }
  }

  private @Nullable H2LinkStream counted(H2LinkStream stream, int length, int overhead)
      throws H2Error {
    try {
      stream.count(length);
      stream.consumed(overhead);
      return stream;
    } catch (H2Error e) {
      link.consumed(length);
      failStream(e);
      return null;
    }
  }

  /** Passes on what is there of a body; false where more is to come. */
  private boolean data(ByteBuf in) throws H2Error {
    if (dataLeft > 0) {
      int size = Math.min(dataLeft, in.readableBytes());
      if (size == 0) {
        return false;
      }
      dataLeft -= size;
      if (dataStream == null || dataStream.isClosed()) {
        in.skipBytes(size);
        if (dataStream != null) {
          link.consumed(size);
        }
      } else {
        part(in.readRetainedSlice(size), dataEnds && dataLeft == 0);
      }
      if (dataLeft > 0) {
        return false;
      }
    }
    int skipped = Math.min(paddingLeft, in.readableBytes());
    in.skipBytes(skipped);
    paddingLeft -= skipped;
    if (paddingLeft > 0) {
      return false;
    }
    inData = false;
    dataStream = null;
    return true;
  }

  private void part(ByteBuf bytes, boolean end) throws H2Error {
    H2LinkStream stream = dataStream;
    if (stream == null || stream.isClosed()) {
      return;
    }
    try {
      stream.dataArrived(bytes, end);
    } catch (H2Error e) {
      failStream(e);
    }
  }

  // Headers.

  private void headers(ByteBuf in, int length, int flags, int stream) throws H2Error {
    if (stream == 0) {
      throw protocol("HEADERS on no stream");
    }
    int padding = 0;
    int left = length;
    if ((flags & Frames.PADDED) != 0) {
      size(left >= 1, "padded HEADERS");
      padding = in.readUnsignedByte();
      left--;
    }
    boolean selfDependent = false;
    if ((flags & Frames.HAS_PRIORITY) != 0) {
      size(left >= 5, "HEADERS with a priority");
      selfDependent = (in.readInt() & Integer.MAX_VALUE) == stream;
      in.skipBytes(1);
      left -= 5;
    }
    if (padding > left) {
      throw protocol("more padding than payload");
    }
    left -= padding;
    boolean ends = (flags & Frames.END_STREAM) != 0;
    if ((flags & Frames.END_HEADERS) != 0) {
      messages.read(stream, in.slice(in.readerIndex(), left), ends, selfDependent);
      return;
    }
    block = new HeaderBlock(stream, ends, selfDependent, in, left, headers.maxBlock());
  }

  private void continuation(ByteBuf in, int length, int flags) throws H2Error {
    HeaderBlock begun = block;
    if (begun == null) {
      throw protocol("CONTINUATION of nothing");
    }
    begun.add(in, length);
    if ((flags & Frames.END_HEADERS) != 0) {
      block = null;
      try {
        messages.read(begun.stream, begun.bytes(), begun.endsStream, begun.selfDependent);
      } finally {
        begun.release();
      }
    }
  }

  // Small frames.

  private void priority(ByteBuf in, int length, int stream) throws H2Error {
    if (stream == 0) {
      throw protocol("PRIORITY on no stream");
    }
    spend(control, "PRIORITY frames");
    if (length != 5) {
      throw H2Error.stream(stream, Http2Error.FRAME_SIZE_ERROR, "the size of PRIORITY");
    }
    if ((in.readInt() & Integer.MAX_VALUE) == stream) {
      throw H2Error.stream(stream, Http2Error.PROTOCOL_ERROR, "a stream that depends on itself");
    }
  }

  private void reset(ByteBuf in, int length, int id) throws H2Error {
    size(length == 4, "RST_STREAM");
    ids.requireOpened(id, "RST_STREAM");
    spend(resets, "streams that are given up");
    H2LinkStream stream = link.stream(id);
    if (stream != null) {
      stream.resetArrived(in.readUnsignedInt());
    }
  }

  private void ping(ByteBuf in, int length, int flags, int stream) throws H2Error {
    size(length == 8, "PING");
    connectionOnly(stream, "PING");
    if ((flags & Frames.ACK) == 0) {
      spend(control, "PING frames");
      link.writer().ping(true, in.readLong());
    }
  }

  private void windowUpdate(ByteBuf in, int length, int id) throws H2Error {
    size(length == 4, "WINDOW_UPDATE");
    int increment = in.readInt() & Integer.MAX_VALUE;
    if (id == 0) {
      if (increment == 0) {
        throw protocol("a window that grows by nothing");
      }
      if (!link.sending.add(increment)) {
        throw H2Error.connection(Http2Error.FLOW_CONTROL_ERROR, "a window beyond 2^31-1");
      }
      link.windowUpdated(null);
      return;
    }
    ids.requireOpened(id, "WINDOW_UPDATE");
    H2LinkStream stream = link.stream(id);
    if (increment == 0) {
      throw H2Error.stream(id, Http2Error.PROTOCOL_ERROR, "a window that grows by nothing");
    }
    if (stream != null) {
      if (!stream.sending.add(increment)) {
        throw H2Error.stream(id, Http2Error.FLOW_CONTROL_ERROR, "a window beyond 2^31-1");
      }
      link.windowUpdated(stream);
    }
  }

  private void settings(ByteBuf in, int length, int flags, int stream) throws H2Error {
    connectionOnly(stream, "SETTINGS");
    if ((flags & Frames.ACK) != 0) {
      size(length == 0, "SETTINGS that acknowledge");
      return;
    }
    size(length % 6 == 0, "SETTINGS");
    spend(control, "SETTINGS frames");
    settingsRead = true;
    for (int end = in.readerIndex() + length; in.readerIndex() < end; ) {
      peer.take(in.readUnsignedShort(), in.readUnsignedInt());
    }
    link.writer().settingsAck();
    link.settled();
  }
}
