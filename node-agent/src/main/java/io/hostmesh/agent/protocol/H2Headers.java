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
import org.jspecify.annotations.Nullable;

/** Headers between HTTP/1.1's form and HTTP/2's (RFC 9113 section 8.2 and 8.3). */
final class H2Headers {
  private static final AsciiString COOKIE = HttpHeaderNames.COOKIE;

  /** Between agents: the host of a CONNECT, whose authority is its target, where it is another. */
  private static final AsciiString CONNECT_HOST = AsciiString.cached("hostmesh-host");

  /** Never on an HTTP/2 stream (RFC 9113 section 8.2.2); host is :authority. */
  private static final Set<String> CONNECTION_SPECIFIC =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "upgrade",
          "host",
          "http2-settings",
          CONNECT_HOST.toString(),
          Spelling.HEADER.toString());

  private H2Headers() {}

  /**
   * @param protocol which it changes to; null for none
   * @param spelled whether the peer is an agent, which gets the names as they were written, too
   */
  static Http2Headers of(HttpRequest request, @Nullable String protocol, boolean spelled) {
    HttpHeaders from = request.headers();
    Http2Headers to = new DefaultHttp2Headers(false, from.size() + 4);
    String host = from.get(HttpHeaderNames.HOST);
    if (Tunnels.isConnect(request)) {
      to.method(request.method().asciiName()).authority(request.uri());
      copy(from, to, spelled);
      if (spelled && host != null && !host.equals(request.uri())) {
        to.set(CONNECT_HOST, host);
      }
      return to;
    }
    if (protocol == null) {
      to.method(request.method().asciiName());
    } else {
      to.method("CONNECT").set(Http2Headers.PseudoHeaderName.PROTOCOL.value(), protocol);
    }
    String target = request.uri();
    if (!spelled && Targets.isAbsolute(target)) {
      to.scheme(Targets.scheme(target)).path(Targets.pathAndQuery(target));
    } else {
      to.scheme("http").path(target); // An agent takes any form of it.
    }
    if (host != null && !host.isEmpty()) { // Empty is for HTTP/1.1 only.
      to.authority(host);
    }
    copy(from, to, spelled);
    return to;
  }

  static Http2Headers of(HttpResponse response, boolean spelled) {
    Http2Headers to = new DefaultHttp2Headers(false, response.headers().size() + 1);
    to.status(response.status().codeAsText());
    copy(response.headers(), to, spelled);
    return to;
  }

  static Http2Headers trailers(HttpHeaders from, boolean spelled) {
    Http2Headers to = new DefaultHttp2Headers(false, from.size());
    copy(from, to, spelled);
    return to;
  }

  private static void copy(HttpHeaders from, Http2Headers to, boolean spelled) {
    Spelling.Writer names = spelled ? new Spelling.Writer() : null;
    Iterator<Map.Entry<CharSequence, CharSequence>> entries = from.iteratorCharSequence();
    while (entries.hasNext()) {
      Map.Entry<CharSequence, CharSequence> entry = entries.next();
      AsciiString written = AsciiString.of(entry.getKey());
      AsciiString name = written.toLowerCase();
      boolean wanted =
          name.equals(HttpHeaderNames.TE)
              ? HttpHeaderValues.TRAILERS.contentEqualsIgnoreCase(entry.getValue())
              : !CONNECTION_SPECIFIC.contains(name.toString());
      if (wanted) {
        to.add(name, entry.getValue());
      }
      if (names != null) {
        boolean chunked = isWrittenCoding(name, entry.getValue());
        if (wanted || chunked || name.equals(HttpHeaderNames.HOST)) {
          names.add(written, name.equals(written) && !chunked); // HTTP/2 does not say it otherwise.
        }
      }
    }
    if (names != null && names.needed()) {
      to.set(Spelling.HEADER, names.toString());
    }
  }

  /** One that was written by an HTTP/1.1 peer; our own stands for a length that is not known. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isWrittenCoding(AsciiString name, CharSequence value) {
    return name.equals(HttpHeaderNames.TRANSFER_ENCODING) && value != HttpHeaderValues.CHUNKED;
  }

  /**
   * Copies all but the pseudo headers, and the authority as host; a cookie that came in pieces is
   * one again.
   *
   * @param spelled whether the peer is an agent, which tells how names were written
   */
  static void copy(Http2Headers from, HttpHeaders to, boolean spelled) {
    Spelling names = Spelling.of(spelled ? from.get(Spelling.HEADER) : null);
    CharSequence authority = host(from, spelled);
    for (Map.Entry<CharSequence, CharSequence> entry : from) {
      CharSequence name = entry.getKey();
      if (name.isEmpty()
          || name.charAt(0) == ':'
          || Spelling.HEADER.contentEquals(name)
          || CONNECT_HOST.contentEquals(name)
          || (authority != null && HttpHeaderNames.HOST.contentEquals(name))) {
        continue;
      }
      moved(names, authority, from, to);
      if (HttpHeaderNames.CONTENT_LENGTH.contentEquals(name) && to.contains(name)) {
        continue;
      }
      if (COOKIE.contentEquals(name) && !names.isNext(name) && to.contains(COOKIE)) {
        to.set(COOKIE, to.get(COOKIE) + "; " + entry.getValue());
      } else {
        to.add(names.take(name), entry.getValue());
      }
    }
    moved(names, authority, from, to);
    if (authority != null && !to.contains(HttpHeaderNames.HOST)) {
      to.set(HttpHeaderNames.HOST, authority);
    }
  }

  private static @Nullable CharSequence host(Http2Headers from, boolean spelled) {
    CharSequence host = spelled ? from.get(CONNECT_HOST) : null;
    return host == null ? from.authority() : host;
  }

  /**
   * The headers that HTTP/2 moved, where they stood: the host became the authority, the length
   * comes last, since the decoder writes it anew, and chunks have no name there.
   */
  private static void moved(
      Spelling names, @Nullable CharSequence authority, Http2Headers from, HttpHeaders to) {
    boolean found = names.hasNext();
    while (found) {
      found =
          moved(names, HttpHeaderNames.HOST, authority == null ? "" : authority, to)
              || moved(
                  names,
                  HttpHeaderNames.CONTENT_LENGTH,
                  from.get(HttpHeaderNames.CONTENT_LENGTH),
                  to)
              || moved(
                  names,
                  HttpHeaderNames.TRANSFER_ENCODING,
                  from.contains(HttpHeaderNames.CONTENT_LENGTH) ? null : HttpHeaderValues.CHUNKED,
                  to);
    }
  }

  private static boolean moved(
      Spelling names, AsciiString name, @Nullable CharSequence value, HttpHeaders to) {
    if (value == null || !names.isNext(name) || to.contains(name)) {
      return false;
    }
    to.set(names.take(name), value);
    return true;
  }
}
