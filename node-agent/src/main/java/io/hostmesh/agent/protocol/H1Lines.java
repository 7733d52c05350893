package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;

/**
 * The strict reading of a request's lines (RFC 9112 sections 3, 5.2 and 7.1), beside a decoder that
 * splits them. Bytes come in any portions; a line of a head comes whole.
 */
final class H1Lines {
  private static final AsciiString VERSION = AsciiString.cached("HTTP/");
  private static final int MAX_SIZE_DIGITS = 8;

  private enum At {
    REQUEST_LINE,
    HEADERS,
    BODY,
    SIZE,
    EXTENSION,
    SIZE_END,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILERS
  }

  private At at = At.REQUEST_LINE;
  private int digits;
  private long remaining;

  /** The next byte belongs to a head. */
  void head() {
    at = At.REQUEST_LINE;
  }

  /** Whether a request line was read, and not the end of its headers. */
  boolean inHeaders() {
    return at == At.HEADERS;
  }

  boolean betweenRequests() {
    return at == At.REQUEST_LINE;
  }

  /** The next byte belongs to a body. */
  void body(boolean chunked) {
    at = chunked ? At.SIZE : At.BODY;
    digits = 0;
    remaining = 0;
  }

  /**
   * @throws IllegalArgumentException where a line is not what the grammar says, with the reason
   */
  void read(ByteBuf in, int start, int end) {
    int i = start;
    while (i < end) {
      i =
          switch (at) {
            case BODY -> end;
            case REQUEST_LINE -> requestLine(in, i, end);
            case HEADERS, TRAILERS -> header(in, i, end);
            case DATA -> data(i, end);
            case SIZE, EXTENSION, SIZE_END, DATA_CR, DATA_LF -> {
              chunk(in.getByte(i));
              yield i + 1;
            }
          };
    }
  }

  /** Empty lines before a request are let pass (RFC 9112 section 2.2). */
  private int requestLine(ByteBuf in, int start, int end) {
    byte first = in.getByte(start);
    if (first == '\r' || first == '\n') {
      return start + 1;
    }
    int lineEnd = end(in, start, end);
    int spaces = 0;
    int version = start;
    for (int i = start; i < lineEnd - 1; i++) { // The last one is CR.
      int c = in.getUnsignedByte(i);
      require(c >= ' ' && c != 0x7f, "a control character in the request line");
      if (c == ' ') {
        spaces++;
        version = i + 1;
      }
    }
    require(
        spaces == 2 && begins(in, version, lineEnd),
        "the request line is not a method, a target and a version with one space between");
    at = At.HEADERS;
    return lineEnd + 1;
  }

  private static boolean begins(ByteBuf in, int from, int end) {
    for (int i = 0; i < VERSION.length(); i++) {
      if (from + i >= end || in.getByte(from + i) != VERSION.byteAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static int header(ByteBuf in, int start, int end) {
    byte first = in.getByte(start);
    require(first != ' ' && first != '\t', "a header continued on a second line");
    return end(in, start, end) + 1;
  }

  /** The line's LF; the decoder has refused lines that have no CR before it. */
  private static int end(ByteBuf in, int start, int end) {
    int lf = in.indexOf(start, end, (byte) '\n');
    return lf < 0 ? end : lf;
  }

  private int data(int start, int end) {
    int taken = (int) Math.min(remaining, end - start);
    remaining -= taken;
    if (remaining == 0) {
      at = At.DATA_CR;
    }
    return start + taken;
  }

  private void chunk(byte c) {
    switch (at) {
      case SIZE -> size(c);
      case EXTENSION -> {
        require(
            c == '\t' || c == '\r' || ((c & 0xff) >= ' ' && c != 0x7f),
            "a control character in a chunk's extension");
        at = c == '\r' ? At.SIZE_END : At.EXTENSION;
      }
      case SIZE_END -> {
        require(c == '\n', "a chunk's size line does not end with CR LF");
        at = remaining == 0 ? At.TRAILERS : At.DATA;
      }
      case DATA_CR -> {
        require(c == '\r', "a chunk does not end with CR LF");
        at = At.DATA_LF;
      }
      default -> {
        require(c == '\n', "a chunk does not end with CR LF");
        body(true);
      }
    }
  }

  private void size(byte c) {
    int digit = Character.digit(c, 16);
    if (digit >= 0) {
      digits++;
      require(digits <= MAX_SIZE_DIGITS, "a chunk's size is too long");
      remaining = remaining * 16 + digit;
      return;
    }
    require(digits > 0 && (c == ';' || c == '\r'), "a chunk's size is not hexadecimal");
    at = c == ';' ? At.EXTENSION : At.SIZE_END;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
