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
 * @param upgrading whether the connection is to be a tunnel from here on: to speak another
 *     protocol, or by CONNECT
 * @param connect whether it is CONNECT
 */
record H1Request(
    boolean old, boolean keepAlive, boolean bodyless, boolean upgrading, boolean connect) {

  /** Reads what holds for the connection only, and makes the head one that can go on. */
  static H1Request take(HttpRequest head) {
    boolean old = head.protocolVersion().equals(HttpVersion.HTTP_1_0);
    boolean keepAlive = HttpUtil.isKeepAlive(head);
    boolean connect = Tunnels.isConnect(head);
    boolean bodyless =
        !HttpUtil.isTransferEncodingChunked(head)
            && head.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0").equals("0");
    String upgrade = connect ? "" : HopHeaders.upgrade(head).orElse("");
    boolean changing = !upgrade.isEmpty() && bodyless;
    HopHeaders.strip(head.headers());
    if (changing) {
      HopHeaders.setUpgrade(head.headers(), upgrade);
    }
    if (connect) {
      Tunnels.unframe(head.headers());
    }
    H1Failures.hostOfTarget(head);
    if (old) { // What goes on is HTTP/1.1, which has a Host.
      head.setProtocolVersion(HttpVersion.HTTP_1_1);
      if (!head.headers().contains(HttpHeaderNames.HOST)) {
        head.headers().set(HttpHeaderNames.HOST, connect ? head.uri() : "");
      }
    }
    return new H1Request(old, keepAlive, bodyless, changing || connect, connect);
  }
}
