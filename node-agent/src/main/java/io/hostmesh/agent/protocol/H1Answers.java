package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;

/**
 * How an HTTP/1.1 answer is framed, as the request allows: an answer to HEAD has no body, and
 * HTTP/1.0 knows no chunks. Not for several threads.
 */
final class H1Answers {
  private HttpMethod method = HttpMethod.GET;
  private boolean old;

  /**
   * What the next final answer is for.
   *
   * @param http10 whether it was asked with HTTP/1.0
   */
  void answering(HttpMethod asked, boolean http10) {
    method = asked;
    old = http10;
  }

  /**
   * Makes the answer's framing right for this connection (RFC 9112 section 6).
   *
   * @return whether the client sees the answer's end; otherwise the connection's end says it
   */
  boolean frame(HttpResponse response) {
    HttpHeaders headers = response.headers();
    if (opensTunnel(response)) {
      Tunnels.unframe(headers);
    } else if (bodyless(response)) {
      if (old || (response.status().code() < 300 && !method.equals(HttpMethod.HEAD))) {
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING); // Not with 1xx and 204 (RFC 9112 6.1).
      }
    } else if (!headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
      if (response instanceof FullHttpResponse whole) {
        HttpUtil.setContentLength(response, whole.content().readableBytes());
      } else {
        if (old || !headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
          HttpUtil.setTransferEncodingChunked(response, !old);
        }
        return !old;
      }
    }
    return true;
  }

  /** Says whether the connection stays open, where the version does not say it by itself. */
  void persist(HttpResponse response, boolean keepAlive) {
    if (!keepAlive) {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    } else if (old) {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
    }
  }

  /** Whether the connection is a tunnel behind the answer. */
  boolean opensTunnel(HttpResponse response) {
    return Tunnels.opens(method, response);
  }

  /** Whether an answer has no body whatever its headers say (RFC 9112 section 6.3). */
  boolean bodyless(HttpResponse response) {
    HttpResponseStatus status = response.status();
    return method.equals(HttpMethod.HEAD)
        || status.code() == 204
        || status.code() == 304
        || status.code() < 200;
  }
}
