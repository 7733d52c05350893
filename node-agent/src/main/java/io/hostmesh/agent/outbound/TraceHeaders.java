package io.hostmesh.agent.outbound;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/** What makes a request recognisable in every log on its way. */
final class TraceHeaders {
  private static final HexFormat HEX = HexFormat.of();

  private TraceHeaders() {}

  /** Passes what the caller set, and makes what it did not. */
  static void complete(HttpHeaders headers, RandomGenerator random) {
    if (!headers.contains("x-request-id")) {
      headers.set("x-request-id", uuid(random));
    }
    if (!headers.contains("traceparent") && !headers.contains("b3")) {
      // W3C Trace Context section 3.2; not sampled, since nobody collects it yet.
      headers.set(
          "traceparent",
          "00-"
              + HEX.toHexDigits(random.nextLong() | 1)
              + HEX.toHexDigits(random.nextLong())
              + "-"
              + HEX.toHexDigits(random.nextLong() | 1)
              + "-00");
    }
  }

  /** A random UUID, version 4 (RFC 9562 section 5.4). */
  private static String uuid(RandomGenerator random) {
    long high = (random.nextLong() & ~0xf000L) | 0x4000L;
    long low = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new java.util.UUID(high, low).toString();
  }
}
