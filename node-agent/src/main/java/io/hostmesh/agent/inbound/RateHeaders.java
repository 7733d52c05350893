package io.hostmesh.agent.inbound;

import io.hostmesh.agent.limit.Judgement;
import io.hostmesh.agent.limit.Standing;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;

/**
 * Tells callers how they stand with a limit, as Envoy does (draft-polli-ratelimit-headers-03 under
 * {@code x-} names).
 */
final class RateHeaders {
  private static final AsciiString LIMIT = AsciiString.cached("x-ratelimit-limit");
  private static final AsciiString REMAINING = AsciiString.cached("x-ratelimit-remaining");
  private static final AsciiString RESET = AsciiString.cached("x-ratelimit-reset");

  private RateHeaders() {}

  static void put(Judgement judgement, HttpHeaders answer) {
    Standing standing = judgement.standing();
    if (standing == null) {
      return;
    }
    long count = standing.limit().rate().count();
    answer.set(LIMIT, count + ", " + count + ";w=" + standing.limit().rate().period().toSeconds());
    answer.set(REMAINING, Long.toString(standing.remaining()));
    answer.set(RESET, Long.toString(standing.reset()));
    if (judgement.denied() != null) {
      answer.set(HttpHeaderNames.RETRY_AFTER, Long.toString(standing.reset()));
    }
  }
}
