package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** What a connection begins with (RFC 9113 section 3.4 and 6.5.2; RFC 8441 section 3). */
final class Preface {
  static final byte[] CLIENT =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  static final int HEADER_TABLE_SIZE = 1;
  static final int ENABLE_PUSH = 2;
  static final int MAX_CONCURRENT_STREAMS = 3;
  static final int INITIAL_WINDOW_SIZE = 4;
  static final int MAX_FRAME_SIZE = 5;
  static final int MAX_HEADER_LIST_SIZE = 6;
  static final int ENABLE_CONNECT_PROTOCOL = 8;

  private static final int SETTING = 6;

  private Preface() {}

  static void write(ByteBuf out, H2Settings settings) {
    if (!settings.server()) {
      out.writeBytes(CLIENT);
    }
    Frames.header(out, (settings.server() ? 4 : 3) * SETTING, Frames.SETTINGS, 0, 0);
    if (settings.server()) {
      setting(out, MAX_CONCURRENT_STREAMS, settings.maxStreams());
      setting(out, ENABLE_CONNECT_PROTOCOL, 1);
    } else {
      setting(out, ENABLE_PUSH, 0);
    }
    setting(out, INITIAL_WINDOW_SIZE, settings.streamWindow());
    setting(out, MAX_HEADER_LIST_SIZE, settings.maxHeaderList());
    // The connection's window has no setting.
    Frames.windowUpdate(out, 0, settings.connectionWindow() - SendWindow.DEFAULT);
  }

  private static void setting(ByteBuf out, int name, int value) {
    out.writeShort(name);
    out.writeInt(value);
  }
}
