package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;

/** The form of frames (RFC 9113 section 4.1 and 6). */
final class Frames {
  static final int HEADER = 9;

  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;
  static final int HAS_PRIORITY = 32;

  /** What every peer takes, and the most that this agent takes. */
  static final int MAX_PAYLOAD = 16_384;

  private Frames() {}

  static void header(ByteBuf out, int length, int type, int flags, int stream) {
    out.ensureWritable(HEADER);
    out.writeMedium(length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
  }

  static void windowUpdate(ByteBuf out, int stream, int increment) {
    header(out, 4, WINDOW_UPDATE, 0, stream);
    out.writeInt(increment);
  }

  static void reset(ByteBuf out, int stream, long code) {
    header(out, 4, RST_STREAM, 0, stream);
    out.writeInt((int) code);
  }

  static void ping(ByteBuf out, boolean ack, long content) {
    header(out, 8, PING, ack ? ACK : 0, 0);
    out.writeLong(content);
  }

  static void goAway(ByteBuf out, int lastStream, long code) {
    header(out, 8, GOAWAY, 0, 0);
    out.writeInt(lastStream);
    out.writeInt((int) code);
  }
}
