package io.hostmesh.agent.outbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.HeaderChanges;
import io.hostmesh.model.rules.RouteRule;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Map;

/** What an entry of a route changes in requests. */
final class Rewrites {
  private Rewrites() {}

  /**
   * Changes a request before it is sent.
   *
   * @param path that the entry makes of the request's
   */
  static void apply(RouteRule.Entry entry, HttpRequest request, String path) {
    Handling handling = entry.handling();
    if (handling.path().isPresent()) {
      request.setUri(RequestPath.withPath(request.uri(), path));
    }
    handling.host().ifPresent(host -> request.headers().set(HttpHeaderNames.HOST, host));
    change(handling.request(), request.headers());
  }

  static void change(HeaderChanges changes, HttpHeaders headers) {
    if (changes.isNone()) {
      return;
    }
    changes.remove().forEach(headers::remove);
    for (Map.Entry<String, String> header : changes.set().entrySet()) {
      headers.set(header.getKey(), header.getValue());
    }
    for (Map.Entry<String, String> header : changes.add().entrySet()) {
      headers.add(header.getKey(), header.getValue());
    }
  }
}
