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
  private Tunnels() {}

  /** Whether a request asks for a tunnel to a target of its own. */
  public static boolean isConnect(HttpRequest head) {
    return head.method().equals(HttpMethod.CONNECT);
  }

  /** Whether a request asks for a tunnel of any kind. */
  public static boolean isAskedFor(HttpRequest head) {
    return isConnect(head) || head.headers().contains(HttpHeaderNames.UPGRADE);
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
}
