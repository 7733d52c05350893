package io.hostmesh.agent.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/** Messages on a TCP connection: each behind its length in two bytes (RFC 1035 section 4.2.2). */
final class DnsFrames {
  private DnsFrames() {}

  /** Makes whole messages ({@code byte[]}) of what arrives. For one connection. */
  static ChannelHandler decoder() {
    return new Decoder();
  }

  static ByteBuf frame(byte[] message) {
    return Unpooled.wrappedBuffer(
        new byte[] {(byte) (message.length >>> 8), (byte) message.length}, message);
  }

  private static final class Decoder extends ByteToMessageDecoder {
    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      if (in.readableBytes() < 2) {
        return;
      }
      int length = in.getUnsignedShort(in.readerIndex());
      if (in.readableBytes() < 2 + length) {
        return;
      }
      byte[] message = new byte[length];
      in.skipBytes(2).readBytes(message);
      out.add(message);
    }
  }
}
