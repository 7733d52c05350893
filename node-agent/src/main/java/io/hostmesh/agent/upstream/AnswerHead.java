package io.hostmesh.agent.upstream;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Optional;

/** Judges the head of an HTTP/1.1 answer that could be read (RFC 9112 sections 4 and 6.1). */
final class AnswerHead {
  private AnswerHead() {}

  /** What is wrong with it: where its body ends, or what it says, could be read in two ways. */
  static Optional<String> wrong(HttpResponse head) {
    HttpVersion version = head.protocolVersion();
    if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
      return Optional.of("it is of version " + version);
    }
    int code = head.status().code();
    if (code < 100 || code > 999) {
      return Optional.of("it has status " + code);
    }
    if (head.status().reasonPhrase().chars().anyMatch(c -> c < ' ' && c != '\t')) {
      return Optional.of("a control character in its first line");
    }
    List<String> codings = head.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    if (codings.size() > 1
        || (codings.size() == 1 && !codings.getFirst().strip().equalsIgnoreCase("chunked"))) {
      return Optional.of("its transfer coding is " + codings + ", and only chunked is known");
    }
    return Optional.empty();
  }
}
