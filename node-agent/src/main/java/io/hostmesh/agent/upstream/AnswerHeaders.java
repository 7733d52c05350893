package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.protocol.Spelling;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;

/** What an application's answer may not say to the other side. */
final class AnswerHeaders {
  private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");
  private static final AsciiString PROXY_CONNECTION = AsciiString.cached("proxy-connection");

  private AnswerHeaders() {}

  /** Takes out what holds for this connection only, and what only agents say to each other. */
  static void strip(HttpHeaders headers) {
    headers.remove(HttpHeaderNames.CONNECTION);
    headers.remove(KEEP_ALIVE);
    headers.remove(PROXY_CONNECTION);
    headers.remove(HttpHeaderNames.UPGRADE);
    stripOurs(headers);
  }

  /** Takes out what only agents say to each other, which an application has to be kept from. */
  static void stripOurs(HttpHeaders headers) {
    headers.remove(Spelling.HEADER);
    ReportedFailure.remove(headers);
  }
}
