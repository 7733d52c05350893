package io.hostmesh.agent.outbound;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/** What makes a request recognisable in every log on its way. */
final class TraceHeaders {
  private static final AsciiString REQUEST_ID = AsciiString.cached("x-request-id");
  private static final AsciiString TRACE_PARENT = AsciiString.cached("traceparent");
  private static final AsciiString B3 = AsciiString.cached("b3");
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private TraceHeaders() {}

  /** Passes what the caller set, and makes what it did not. */
  static void complete(HttpHeaders headers, RandomGenerator random) {
    if (!headers.contains(REQUEST_ID)) {
      headers.set(REQUEST_ID, uuid(random.nextLong(), random.nextLong()));
    }
    if (!headers.contains(TRACE_PARENT) && !headers.contains(B3)) {
      headers.set(
          TRACE_PARENT,
          traceParent(random.nextLong() | 1, random.nextLong(), random.nextLong() | 1));
    }
  }

  /** W3C Trace Context section 3.2; not sampled, since nobody collects it yet. */
  private static AsciiString traceParent(long traceHigh, long traceLow, long span) {
    byte[] text = new byte[55];
    text[0] = '0';
    text[1] = '0';
    text[2] = '-';
    hex(traceHigh, 16, text, 3);
    hex(traceLow, 16, text, 19);
    text[35] = '-';
    hex(span, 16, text, 36);
    text[52] = '-';
    text[53] = '0';
    text[54] = '0';
    return new AsciiString(text, false);
  }

  /** A random UUID, version 4 (RFC 9562 section 5.4). */
  private static AsciiString uuid(long random, long more) {
    long high = (random & ~0xf000L) | 0x4000L;
    long low = (more & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    byte[] text = new byte[36];
    hex(high >>> 32, 8, text, 0);
    text[8] = '-';
    hex(high >>> 16, 4, text, 9);
    text[13] = '-';
    hex(high, 4, text, 14);
    text[18] = '-';
    hex(low >>> 48, 4, text, 19);
    text[23] = '-';
    hex(low, 12, text, 24);
    return new AsciiString(text, false);
  }

  /** Writes the last digits of a number. */
  private static void hex(long value, int digits, byte[] text, int begin) {
    long rest = value;
    for (int i = begin + digits - 1; i >= begin; i--) {
      text[i] = HEX[(int) rest & 0xf];
      rest >>>= 4;
    }
  }
}
