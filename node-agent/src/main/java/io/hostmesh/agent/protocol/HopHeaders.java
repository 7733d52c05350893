package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Headers that hold for one connection only (RFC 9110 section 7.6.1). Where a message comes in they
 * are taken out; {@code transfer-encoding} stays as the sign that a body of unknown length follows.
 */
final class HopHeaders {
  private static final List<CharSequence> ALWAYS =
      List.of(
          HttpHeaderNames.CONNECTION,
          AsciiString.cached("proxy-connection"),
          AsciiString.cached("keep-alive"),
          AsciiString.cached("http2-settings"),
          Spelling.HEADER,
          HttpHeaderNames.UPGRADE);

  private HopHeaders() {}

  static void strip(HttpHeaders headers) {
    String te = headers.get(HttpHeaderNames.TE);
    for (String named : headers.getAll(HttpHeaderNames.CONNECTION)) {
      for (String token : named.split(",", -1)) {
        String name = token.strip().toLowerCase(Locale.ROOT);
        if (!name.isEmpty() && !isFraming(name)) {
          headers.remove(name);
        }
      }
    }
    ALWAYS.forEach(headers::remove);
    headers.remove(HttpHeaderNames.TE);
    if (te != null && te.toLowerCase(Locale.ROOT).contains("trailers")) {
      headers.set(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS);
    }
  }

  /** What a peer may not have removed by naming it in Connection. */
  private static boolean isFraming(String name) {
    return name.equals("transfer-encoding")
        || name.equals("content-length")
        || name.equals("host")
        || MeshHeaders.isLike(name, MeshHeaders.FORWARDED, true)
        || MeshHeaders.isTheMeshs(name);
  }

  /** The protocol that a request wants to change to; h2c is declined by not passing it on. */
  static Optional<String> upgrade(HttpRequest request) {
    String protocol = request.headers().get(HttpHeaderNames.UPGRADE);
    boolean asked =
        protocol != null
            && request
                .headers()
                .containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true);
    return asked && !protocol.toLowerCase(Locale.ROOT).contains("h2c")
        ? Optional.of(protocol)
        : Optional.empty();
  }

  static void setUpgrade(HttpHeaders headers, String protocol) {
    headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
    headers.set(HttpHeaderNames.UPGRADE, protocol);
  }
}
