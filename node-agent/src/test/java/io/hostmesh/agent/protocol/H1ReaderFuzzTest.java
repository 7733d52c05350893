package io.hostmesh.agent.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayList;
import java.util.List;

/**
 * The reader beside Netty's decoder, which is an implementation of its own: what the reader takes,
 * Netty takes too and reads in the same way. (The other way round it is stricter.)
 */
class H1ReaderFuzzTest {
  @FuzzTest(maxDuration = "120s")
  void nettyReadsTheSame(byte[] bytes) {
    List<String> ours = new ArrayList<>();
    StringBuilder body = new StringBuilder();
    H1Reader reader =
        new H1Reader(
            true,
            HttpLimits.DEFAULT,
            part -> {
              note(part, ours, body);
              return true;
            });
    try {
      reader.read(ByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(bytes));
    } catch (H1Malformed e) {
      // What came before it stands.
    }
    reader.release();
    List<String> theirs = netty(bytes);
    if (theirs.size() < ours.size() || !theirs.subList(0, ours.size()).equals(ours)) {
      throw new AssertionError("ours " + ours + ", Netty's " + theirs);
    }
  }

  private static List<String> netty(byte[] bytes) {
    List<String> theirs = new ArrayList<>();
    StringBuilder body = new StringBuilder();
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new HttpRequestDecoder(
                new HttpDecoderConfig()
                    .setMaxInitialLineLength(HttpLimits.DEFAULT.targetBytes())
                    .setMaxHeaderSize(HttpLimits.DEFAULT.headBytes())));
    channel.writeInbound(Unpooled.copiedBuffer(bytes));
    for (Object part = channel.readInbound(); part != null; part = channel.readInbound()) {
      note((HttpObject) part, theirs, body);
    }
    channel.finishAndReleaseAll();
    return theirs;
  }

  private static void note(HttpObject part, List<String> lines, StringBuilder body) {
    if (part instanceof HttpRequest head) {
      lines.add(head.method() + " " + head.uri() + " " + head.protocolVersion());
      head.headers().iteratorCharSequence().forEachRemaining(e -> lines.add(e.toString()));
    }
    if (part instanceof HttpContent content) {
      body.append(content.content().toString(ISO_8859_1));
      content.release();
    }
    if (part instanceof LastHttpContent) {
      lines.add("body " + body);
      body.setLength(0);
    }
  }
}
