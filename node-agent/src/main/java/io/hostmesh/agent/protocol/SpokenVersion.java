package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;

/**
 * How an agent tells another one, of a request to a service that declares no protocol, which
 * version of HTTP the caller spoke: the application gets the same. It reaches no application.
 */
public final class SpokenVersion {
  private static final AsciiString HEADER = AsciiString.cached("hostmesh-http");
  private static final AsciiString HTTP2 = AsciiString.cached("2");

  private SpokenVersion() {}

  /** Says it; what the caller put there itself goes. */
  public static void tell(HttpHeaders headers, boolean http2) {
    if (http2) {
      headers.set(HEADER, HTTP2);
    } else {
      headers.remove(HEADER);
    }
  }

  /**
   * Takes it out.
   *
   * @return whether the caller spoke HTTP/2
   */
  public static boolean takeHttp2(HttpHeaders headers) {
    String version = headers.get(HEADER);
    if (version == null) {
      return false;
    }
    headers.remove(HEADER);
    return HTTP2.contentEquals(version);
  }
}
