package io.hostmesh.agent.h2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Headers.PseudoHeaderName;
import java.util.Map;

/** Which pseudo headers a message has to have (RFC 9113 section 8.3, RFC 8441 section 4). Pure. */
final class RequestHeads {
  private RequestHeads() {}

  /** Judges a request's head: each pseudo header once, and those that a request needs. */
  static void check(int stream, Http2Headers list) throws H2Error {
    int method = 0;
    int scheme = 0;
    int path = 0;
    int authority = 0;
    int protocol = 0;
    boolean connect = false;
    for (Map.Entry<CharSequence, CharSequence> entry : list) {
      CharSequence name = entry.getKey();
      if (name.isEmpty() || name.charAt(0) != ':') {
        break; // The decoder has seen to it that they come first.
      }
      if (PseudoHeaderName.METHOD.value().contentEquals(name)) {
        method++;
        connect = "CONNECT".contentEquals(entry.getValue());
      } else if (PseudoHeaderName.SCHEME.value().contentEquals(name)) {
        scheme++;
      } else if (PseudoHeaderName.PATH.value().contentEquals(name)) {
        path++;
        if (entry.getValue().isEmpty()) {
          throw malformed(stream, "an empty :path");
        }
      } else if (PseudoHeaderName.AUTHORITY.value().contentEquals(name)) {
        authority++;
      } else if (PseudoHeaderName.PROTOCOL.value().contentEquals(name)) {
        protocol++;
      }
    }
    boolean plainConnect = connect && protocol == 0;
    int wanted = plainConnect ? 0 : 1;
    if (method != 1
        || scheme != wanted
        || path != wanted
        || authority > 1
        || protocol > 1
        || (plainConnect && authority != 1)
        || (protocol == 1 && !connect)) {
      throw malformed(stream, "a request whose pseudo headers are not what it needs");
    }
  }

  /** Trailers end the stream, and have no pseudo headers. */
  static void checkTrailers(int stream, Http2Headers list, boolean ends) throws H2Error {
    if (!ends) {
      throw malformed(stream, "a second head that is not the end");
    }
    for (Map.Entry<CharSequence, CharSequence> entry : list) {
      if (!entry.getKey().isEmpty() && entry.getKey().charAt(0) == ':') {
        throw malformed(stream, "a pseudo header in trailers");
      }
    }
  }

  /** The status of an answer's head. */
  static int status(int stream, Http2Headers list) throws H2Error {
    CharSequence status = list.status();
    if (status == null || status.length() != 3) {
      throw malformed(stream, "an answer without a status");
    }
    int value = 0;
    for (int i = 0; i < 3; i++) {
      int digit = status.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw malformed(stream, "a status that is no number");
      }
      value = value * 10 + digit;
    }
    if (value < 100 || value == 101) { // HTTP/2 has no 101 (RFC 9113 section 8.6).
      throw malformed(stream, "status " + value);
    }
    return value;
  }

  private static H2Error malformed(int stream, String what) {
    return H2Error.stream(stream, Http2Error.PROTOCOL_ERROR, what);
  }
}
