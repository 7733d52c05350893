package io.hostmesh.agent.workloadapi;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;

/**
 * Takes any {@code :authority}: over a unix socket there is no host to name, and clients write what
 * they like; java-spiffe writes the socket's path, with which Vert.x would reset the stream.
 */
final class AnyAuthority extends Http2FrameListenerDecorator {
  private static final String NONE = "localhost";

  private AnyAuthority(Http2FrameListener listener) {
    super(listener);
  }

  /** To be called before the first request of a connection. */
  static void accept(HttpConnection connection) {
    ChannelHandlerContext context = ((HttpServerConnection) connection).channelHandlerContext();
    if (context.handler() instanceof Http2ConnectionHandler handler) {
      handler.decoder().frameListener(new AnyAuthority(handler.decoder().frameListener()));
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end)
      throws Http2Exception {
    super.onHeadersRead(ctx, streamId, headers.authority(NONE), padding, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end)
      throws Http2Exception {
    super.onHeadersRead(
        ctx, streamId, headers.authority(NONE), dependency, weight, exclusive, padding, end);
  }
}
