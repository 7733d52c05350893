package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;

/**
 * What a request says of the connection that it came on.
 *
 * @param old whether it is HTTP/1.0
 * @param keepAlive whether the connection may stay open after the answer
 * @param bodyless whether its head is all of it
 * @param upgrading whether the connection is to speak another protocol from here on
 */
record H1Request(boolean old, boolean keepAlive, boolean bodyless, boolean upgrading) {

  /** Reads what holds for the connection only, and makes the head one that can go on. */
  static H1Request take(HttpRequest head) {
    boolean old = head.protocolVersion().equals(HttpVersion.HTTP_1_0);
    boolean keepAlive = HttpUtil.isKeepAlive(head);
    boolean bodyless =
        !HttpUtil.isTransferEncodingChunked(head)
            && head.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0").equals("0");
    String upgrade = HopHeaders.upgrade(head).orElse("");
    boolean upgrading = !upgrade.isEmpty() && bodyless;
    HopHeaders.strip(head.headers());
    if (upgrading) {
      HopHeaders.setUpgrade(head.headers(), upgrade);
    }
    H1Failures.originForm(head);
    if (old) { // What goes on is HTTP/1.1, which has a Host.
      head.setProtocolVersion(HttpVersion.HTTP_1_1);
      if (!head.headers().contains(HttpHeaderNames.HOST)) {
        head.headers().set(HttpHeaderNames.HOST, "");
      }
    }
    return new H1Request(old, keepAlive, bodyless, upgrading);
  }
}
