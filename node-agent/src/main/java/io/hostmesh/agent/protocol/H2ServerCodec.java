package io.hostmesh.agent.protocol;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.LinkedHashSet;

/**
 * Netty's codec, stricter: a caller that goes on with a stream which it has ended, or passed over,
 * loses the connection (RFC 9113 sections 5.1 and 5.1.1). Netty resets such a stream only, as it
 * can't tell it from one that this side reset, on which frames may still be under way. Used by its
 * event loop only.
 */
final class H2ServerCodec extends Http2FrameCodec {
  /** Of as many streams that this side reset, late frames are known as such. */
  private static final int REMEMBERED_RESETS = 2 * H2Connections.MAX_STREAMS;

  private final LinkedHashSet<Integer> resets = new LinkedHashSet<>();

  private H2ServerCodec(
      Http2ConnectionEncoder encoder,
      Http2ConnectionDecoder decoder,
      Http2Settings settings,
      boolean decoupleCloseAndGoAway,
      boolean flushPreface) {
    super(encoder, decoder, settings, decoupleCloseAndGoAway, flushPreface);
    connection()
        .addListener(
            new Http2ConnectionAdapter() {
              @Override
              public void onStreamClosed(Http2Stream stream) {
                if (stream.isResetSent()) {
                  remember(stream.id());
                }
              }
            });
  }

  static Http2FrameCodecBuilder builder() {
    return new Builder();
  }

  private static final class Builder extends Http2FrameCodecBuilder {
    @Override
    protected Http2FrameCodec build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      Http2FrameCodec codec =
          new H2ServerCodec(encoder, decoder, settings, decoupleCloseAndGoAway(), flushPreface());
      codec.gracefulShutdownTimeoutMillis(gracefulShutdownTimeoutMillis());
      return codec;
    }
  }

  private void remember(int stream) {
    resets.add(stream);
    if (resets.size() > REMEMBERED_RESETS) {
      resets.removeFirst();
    }
  }

  @Override
  public void onError(ChannelHandlerContext ctx, boolean outbound, Throwable cause) {
    if (outbound
        || !(Http2CodecUtil.getEmbeddedHttp2Exception(cause)
            instanceof Http2Exception.StreamException failure)) {
      super.onError(ctx, outbound, cause);
    } else if (afterTheEnd(failure)) {
      super.onError(
          ctx,
          false,
          Http2Exception.connectionError(
              failure.error(),
              cause,
              "the peer goes on with stream %d, which it has ended",
              failure.streamId()));
    } else {
      if (connection().stream(failure.streamId()) == null) { // Refused, before it came to be.
        remember(failure.streamId());
      }
      super.onError(ctx, false, cause);
    }
  }

  private boolean afterTheEnd(Http2Exception.StreamException failure) {
    Http2Stream stream = connection().stream(failure.streamId());
    return stream == null
        ? failure.error() == Http2Error.STREAM_CLOSED && !resets.contains(failure.streamId())
        : failure.error() == Http2Error.PROTOCOL_ERROR
            && stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE;
  }
}
