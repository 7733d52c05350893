package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;

/**
 * When a request's connection or stream stops being HTTP and becomes a tunnel: behind 101 (RFC 9110
 * section 7.8), and behind any 2xx to CONNECT (section 9.3.6). Pure.
 */
public final class Tunnels {
  private static final int MAX_PORT = 65_535;

  private Tunnels() {}

  /** Whether a request asks for a tunnel to a target of its own. */
  public static boolean isConnect(HttpRequest head) {
    return head.method().equals(HttpMethod.CONNECT);
  }

  /**
   * Whether what comes behind an answer's head is no HTTP any more.
   *
   * @param asked the request's method
   */
  public static boolean opens(HttpMethod asked, HttpResponse answer) {
    int code = answer.status().code();
    return code == 101 || (code >= 200 && code < 300 && asked.equals(HttpMethod.CONNECT));
  }

  /** Takes out what says nothing in a tunnel's heads and must not be sent in them. */
  public static void unframe(HttpHeaders headers) {
    headers.remove(HttpHeaderNames.CONTENT_LENGTH);
    headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
  }

  /** Whether a target is a host and a port (RFC 9112 section 3.2.3), and no parser's guess. */
  static boolean isTarget(String target) {
    int colon = target.lastIndexOf(':');
    if (colon <= 0 || !H1Failures.isHost(target) || target.length() - colon > 6) {
      return false;
    }
    int port = 0;
    for (int i = colon + 1; i < target.length(); i++) {
      int digit = target.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      port = port * 10 + digit;
    }
    return port > 0 && port <= MAX_PORT;
  }
}
