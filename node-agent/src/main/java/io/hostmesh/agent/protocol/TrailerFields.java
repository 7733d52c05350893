package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What may not come behind a body (RFC 9110 section 6.5.1): a receiver that merges trailers into
 * the headers would take it for what the head said, past everybody who judged the head.
 */
final class TrailerFields {
  /** Framing and what holds for one connection. */
  private static final Set<String> NEVER =
      Set.of(
          "connection",
          "content-length",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** Routing, authentication, and how the request is to be read. */
  private static final Set<String> NOT_IN_REQUESTS =
      Set.of(
          "authorization",
          "cache-control",
          "content-encoding",
          "content-range",
          "content-type",
          "cookie",
          "expect",
          "forwarded",
          "host",
          "max-forwards",
          "pragma",
          "proxy-authorization",
          "range");

  private TrailerFields() {}

  static void ofRequest(HttpHeaders trailers) {
    if (!trailers.isEmpty()) {
      for (String name : List.copyOf(trailers.names())) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (never(lower)
            || NOT_IN_REQUESTS.contains(lower)
            || lower.startsWith("if-")
            || MeshHeaders.isLike(lower, MeshHeaders.FORWARDED, true)) {
          trailers.remove(name);
        }
      }
    }
  }

  static void ofAnswer(HttpHeaders trailers) {
    if (!trailers.isEmpty()) {
      for (String name : List.copyOf(trailers.names())) {
        if (never(name.toLowerCase(Locale.ROOT))) {
          trailers.remove(name);
        }
      }
    }
  }

  private static boolean never(String lower) {
    return NEVER.contains(lower) || MeshHeaders.isTheMeshs(lower);
  }
}
