package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.List;

/**
 * Netty's decoder, and a look at each line that it took: what it reads leniently, and another
 * parser might read otherwise, is a failure here. Used by its event loop only.
 */
final class H1RequestDecoder extends HttpRequestDecoder {
  private final H1Lines lines = new H1Lines();
  private boolean broken;

  H1RequestDecoder(HttpLimits limits) {
    super(limits.decoder());
  }

  /** Whether some bytes of the next head have come, and not all. */
  boolean headBegun() {
    return lines.inHeaders() || (lines.betweenRequests() && actualReadableBytes() > 0);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (broken) {
      in.skipBytes(in.readableBytes());
      return;
    }
    int start = in.readerIndex();
    int before = out.size();
    super.decode(ctx, in, out);
    broken = out.size() > before && ((HttpObject) out.getLast()).decoderResult().isFailure();
    if (broken) {
      return;
    }
    try {
      lines.read(in, start, in.readerIndex());
    } catch (IllegalArgumentException e) {
      broken = true;
      refuse(out, before, e);
      return;
    }
    for (int i = before; i < out.size(); i++) {
      if (out.get(i) instanceof HttpMessage head) {
        lines.body(HttpUtil.isTransferEncodingChunked(head));
      }
      if (out.get(i) instanceof LastHttpContent) {
        lines.head();
      }
    }
  }

  /** Puts a failure in the place of what was made of the bytes. */
  private static void refuse(List<Object> out, int before, IllegalArgumentException cause) {
    while (out.size() > before) {
      ReferenceCountUtil.release(out.removeLast());
    }
    LastHttpContent failure = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
    failure.setDecoderResult(DecoderResult.failure(cause));
    out.add(failure);
  }
}
