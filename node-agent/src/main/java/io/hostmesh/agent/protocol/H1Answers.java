package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;

/** Writes HTTP/1.1 answers; knows the method asked, since an answer to HEAD has no body. */
final class H1Answers extends HttpResponseEncoder {
  private HttpMethod method = HttpMethod.GET;

  /** The method of the request that the next final answer is for. */
  void answering(HttpMethod asked) {
    method = asked;
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpResponse response) {
    return method.equals(HttpMethod.HEAD) || super.isContentAlwaysEmpty(response);
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
