package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;

/**
 * How agents tell each other an answer's reason phrase where it is not the usual one: HTTP/2, in
 * which answers travel, has none (RFC 9113 section 8.3.2).
 */
final class ReasonPhrase {
  private static final AsciiString HEADER = AsciiString.cached("hostmesh-phrase");

  private ReasonPhrase() {}

  /** Says it to an agent; what the application put there itself goes. */
  static void tell(HttpResponse answer) {
    HttpResponseStatus status = answer.status();
    String usual = HttpResponseStatus.valueOf(status.code()).reasonPhrase();
    if (status.reasonPhrase().equals(usual)) {
      answer.headers().remove(HEADER);
    } else {
      answer.headers().set(HEADER, status.reasonPhrase());
    }
  }

  /** Takes it out, for a caller. */
  static void take(HttpResponse answer) {
    HttpHeaders headers = answer.headers();
    String phrase = headers.get(HEADER);
    if (phrase != null) {
      headers.remove(HEADER);
      answer.setStatus(new HttpResponseStatus(answer.status().code(), phrase));
    }
  }
}
