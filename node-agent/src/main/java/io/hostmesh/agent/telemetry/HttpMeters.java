package io.hostmesh.agent.telemetry;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * What the requests of one connection are counted by, each by the protocol that it is: over HTTP/2
 * that may be gRPC. Not for several threads.
 */
public final class HttpMeters {
  private static final String GRPC_TYPE = "application/grpc";

  private final Metrics metrics;
  private final RequestMeters meters;
  private final boolean mayBeGrpc;
  private @Nullable RequestMeters grpc;

  /**
   * @param call taken for the protocol that the connection is known to have
   */
  public HttpMeters(Metrics metrics, Call call) {
    this.metrics = metrics;
    this.meters = metrics.requests(call);
    this.mayBeGrpc = call.protocol().equals(Call.HTTP2);
  }

  /** Those of a request, by its headers. */
  public RequestMeters of(HttpHeaders headers) {
    if (!mayBeGrpc || !isGrpc(headers.get(HttpHeaderNames.CONTENT_TYPE))) {
      return meters;
    }
    RequestMeters known = grpc;
    if (known == null) {
      known = metrics.requests(meters.call().as(Call.GRPC));
      grpc = known;
    }
    return known;
  }

  /** As gRPC over HTTP/2 has it; gRPC-Web is a protocol of its own. */
  private static boolean isGrpc(@Nullable String contentType) {
    if (contentType == null || !contentType.startsWith(GRPC_TYPE)) {
      return false;
    }
    int end = GRPC_TYPE.length();
    return contentType.length() == end
        || contentType.charAt(end) == '+'
        || contentType.charAt(end) == ';';
  }
}
