package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Tells what a client speaks by the first bytes that it sends. Pure: the same bytes give the same
 * answer, and more bytes never change one that was given.
 */
public enum FirstBytes {
  /** These bytes may still become one of the others. */
  UNDECIDED,
  /** A request line of HTTP/1.0 or HTTP/1.1 (RFC 9112 section 3). */
  HTTP1,
  /** The preface of HTTP/2 with prior knowledge (RFC 9113 section 3.4). */
  HTTP2,
  /** A TLS ClientHello (RFC 8446 section 4.1.2, in a record of section 5.1). */
  TLS,
  /** Something else, which the mesh carries and does not read. */
  OTHER;

  /** The longest method that IANA lists has 17 characters. */
  private static final int MAX_METHOD = 24;

  /** From here on a request line that has no end yet is HTTP's to refuse. */
  static final int MAX_LINE = 8192;

  static final byte[] HTTP2_PREFACE = ascii("PRI * HTTP/2.0");
  private static final byte[] HTTP1_VERSION = ascii("HTTP/1.");

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * @param bytes all that has come so far; its indices stay as they are
   */
  public static FirstBytes of(ByteBuf bytes) {
    int length = bytes.readableBytes();
    if (length == 0) {
      return UNDECIDED;
    }
    int from = bytes.readerIndex();
    if (bytes.getByte(from) == 22) {
      return tls(bytes, from, length);
    }
    int preface = common(bytes, from, length, HTTP2_PREFACE);
    if (preface == HTTP2_PREFACE.length) {
      return HTTP2;
    }
    return preface == length ? UNDECIDED : http1(bytes, from, length);
  }

  /** A handshake record, its version 3.x, its length, and the handshake's kind. */
  private static FirstBytes tls(ByteBuf bytes, int from, int length) {
    if (length > 1 && bytes.getByte(from + 1) != 3) {
      return OTHER;
    }
    if (length > 2 && bytes.getUnsignedByte(from + 2) > 4) {
      return OTHER;
    }
    if (length < 6) {
      return UNDECIDED;
    }
    return bytes.getByte(from + 5) == 1 ? TLS : OTHER;
  }

  private static FirstBytes http1(ByteBuf bytes, int from, int length) {
    int method = 0;
    while (method < length && isMethod(bytes.getByte(from + method))) {
      method++;
    }
    if (method == 0 || method > MAX_METHOD) {
      return OTHER;
    }
    if (method == length) {
      return UNDECIDED;
    }
    if (bytes.getByte(from + method) != ' ') {
      return OTHER;
    }
    int target = method + 1;
    int end = target;
    while (end < length && bytes.getUnsignedByte(from + end) > ' ') {
      end++;
    }
    if (end == length) {
      return length < MAX_LINE ? UNDECIDED : HTTP1;
    }
    if (end == target || bytes.getByte(from + end) != ' ') {
      return OTHER;
    }
    int rest = length - end - 1;
    int version = common(bytes, from + end + 1, rest, HTTP1_VERSION);
    if (version == HTTP1_VERSION.length) {
      return HTTP1;
    }
    return version == rest ? UNDECIDED : OTHER;
  }

  /** Methods are tokens; those that are in use have no small letters. */
  private static boolean isMethod(byte b) {
    return (b >= 'A' && b <= 'Z') || b == '-' || b == '_';
  }

  /** How many bytes are as wanted, from the first on. */
  static int common(ByteBuf bytes, int from, int length, byte[] wanted) {
    int most = Math.min(length, wanted.length);
    int same = 0;
    while (same < most && bytes.getByte(from + same) == wanted[same]) {
      same++;
    }
    return same;
  }
}
