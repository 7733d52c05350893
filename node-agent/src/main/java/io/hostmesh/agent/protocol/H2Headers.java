package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** Headers between HTTP/1.1's form and HTTP/2's (RFC 9113 section 8.2 and 8.3). */
final class H2Headers {
  private static final AsciiString COOKIE = HttpHeaderNames.COOKIE;

  /** Never on an HTTP/2 stream (RFC 9113 section 8.2.2); host is :authority. */
  private static final Set<String> CONNECTION_SPECIFIC =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "upgrade",
          "host",
          "http2-settings");

  private H2Headers() {}

  static Http2Headers of(HttpRequest request) {
    HttpHeaders from = request.headers();
    Http2Headers to = new DefaultHttp2Headers(false, from.size() + 4);
    HopHeaders.upgrade(request)
        .ifPresentOrElse(
            protocol ->
                to.method("CONNECT").set(Http2Headers.PseudoHeaderName.PROTOCOL.value(), protocol),
            () -> to.method(request.method().asciiName()));
    to.scheme("http").path(request.uri());
    String host = from.get(HttpHeaderNames.HOST);
    if (host != null && !host.isEmpty()) { // Empty is for HTTP/1.1 only.
      to.authority(host);
    }
    copy(from, to);
    return to;
  }

  static Http2Headers of(HttpResponse response) {
    Http2Headers to = new DefaultHttp2Headers(false, response.headers().size() + 1);
    to.status(response.status().codeAsText());
    copy(response.headers(), to);
    return to;
  }

  static Http2Headers trailers(HttpHeaders from) {
    Http2Headers to = new DefaultHttp2Headers(false, from.size());
    copy(from, to);
    return to;
  }

  private static void copy(HttpHeaders from, Http2Headers to) {
    Iterator<Map.Entry<CharSequence, CharSequence>> entries = from.iteratorCharSequence();
    while (entries.hasNext()) {
      Map.Entry<CharSequence, CharSequence> entry = entries.next();
      AsciiString name = AsciiString.of(entry.getKey()).toLowerCase();
      boolean wanted =
          name.equals(HttpHeaderNames.TE)
              ? HttpHeaderValues.TRAILERS.contentEqualsIgnoreCase(entry.getValue())
              : !CONNECTION_SPECIFIC.contains(name.toString());
      if (wanted) {
        to.add(name, entry.getValue());
      }
    }
  }

  /** Copies all but the pseudo headers; a cookie that came in pieces is one again. */
  static void copy(Http2Headers from, HttpHeaders to) {
    for (Map.Entry<CharSequence, CharSequence> entry : from) {
      CharSequence name = entry.getKey();
      if (name.isEmpty() || name.charAt(0) == ':') {
        continue;
      }
      if (COOKIE.contentEquals(name) && to.contains(COOKIE)) {
        to.set(COOKIE, to.get(COOKIE) + "; " + entry.getValue());
      } else {
        to.add(name, entry.getValue());
      }
    }
  }
}
