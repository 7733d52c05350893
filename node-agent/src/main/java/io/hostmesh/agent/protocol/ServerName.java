package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * Looks at what a caller sends first, as it passes by, for the server name that a TLS ClientHello
 * asks for (RFC 6066 section 3, RFC 8446 section 4.1.2), however it is cut into records and
 * segments. It holds nothing up, and gives up on what is no such thing. Not for several threads.
 */
final class ServerName {
  /** Longer ones are not looked at; with key shares of every kind they have some 5 KiB. */
  private static final int MAX_HELLO = 16 * 1024;

  private static final int HANDSHAKE_RECORD = 22;
  private static final int CLIENT_HELLO = 1;
  private static final int RECORD_HEADER = 5;
  private static final int MESSAGE_HEADER = 4;
  private static final int VERSION_AND_RANDOM = 34;
  private static final int MAX_NAME = 255;
  private static final byte[] NOTHING = {};

  private byte[] hello = NOTHING;
  private int length;
  private int wanted = MESSAGE_HEADER;
  private final byte[] header = new byte[RECORD_HEADER];
  private int headerLength;
  private int recordLeft;
  private boolean over;
  private String name = "";

  /** The name; empty as long as none was found. */
  String name() {
    return name;
  }

  /** The caller's next bytes, whose indices stay as they are. */
  void pass(ByteBuf bytes) {
    int at = bytes.readerIndex();
    int end = bytes.writerIndex();
    while (at < end && !over) {
      if (recordLeft == 0) {
        headerByte(bytes.getByte(at));
        at++;
      } else {
        int size = Math.min(Math.min(recordLeft, end - at), wanted - length);
        take(bytes, at, size);
        at += size;
      }
    }
  }

  private void headerByte(byte next) {
    header[headerLength] = next;
    headerLength++;
    if ((headerLength == 1 && next != HANDSHAKE_RECORD) || (headerLength == 2 && next != 3)) {
      giveUp();
    } else if (headerLength == RECORD_HEADER) {
      headerLength = 0;
      recordLeft = number(header, 3, 2);
      if (recordLeft == 0 || recordLeft > MAX_HELLO) {
        giveUp();
      }
    }
  }

  private void take(ByteBuf bytes, int at, int size) {
    if (hello.length < length + size) {
      hello = Arrays.copyOf(hello, Math.max(length + size, Math.min(2 * hello.length, wanted)));
    }
    bytes.getBytes(at, hello, length, size);
    length += size;
    recordLeft -= size;
    if (length < wanted) {
      return;
    }
    if (length == MESSAGE_HEADER) {
      wanted = MESSAGE_HEADER + number(hello, 1, 3);
      if (hello[0] != CLIENT_HELLO || wanted == MESSAGE_HEADER || wanted > MAX_HELLO) {
        giveUp();
      }
    } else {
      name = find(hello, length);
      giveUp();
    }
  }

  private void giveUp() {
    over = true;
    hello = NOTHING;
  }

  private static int number(byte[] in, int at, int bytes) {
    int value = 0;
    for (int i = at; i < at + bytes; i++) {
      value = value << 8 | (in[i] & 0xff);
    }
    return value;
  }

  /** Behind a vector whose length has so many bytes; beyond the end where it is not whole. */
  private static int skip(byte[] in, int at, int bytes, int end) {
    return at + bytes > end ? end + 1 : at + bytes + number(in, at, bytes);
  }

  private static String find(byte[] in, int end) {
    int at = MESSAGE_HEADER + VERSION_AND_RANDOM;
    at = skip(in, at, 1, end); // The session's id,
    at = skip(in, at, 2, end); // cipher suites,
    at = skip(in, at, 1, end); // compression,
    at += 2; // and how long all extensions are together.
    while (at + 4 <= end) {
      int type = number(in, at, 2);
      int next = skip(in, at + 2, 2, end);
      if (next > end) {
        return "";
      }
      if (type == 0) {
        return inExtension(in, at + 4, next);
      }
      at = next;
    }
    return "";
  }

  /** The first name of a list of names, of which the only kind there is are host names. */
  private static String inExtension(byte[] in, int at, int end) {
    int from = at + 5;
    if (from > end || in[at + 2] != 0) {
      return "";
    }
    int size = number(in, at + 3, 2);
    if (size > MAX_NAME || from + size > end) {
      return "";
    }
    StringBuilder name = new StringBuilder(size);
    for (int i = from; i < from + size; i++) {
      char c = (char) (in[i] & 0xff);
      if (c <= ' ' || c >= 0x7f) {
        return ""; // No host has such a name, and a log is no place for it.
      }
      name.append(c);
    }
    return name.toString();
  }
}
