package io.hostmesh.agent.h2;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;

/** Whatever a peer sends: a connection takes it or ends, holds nothing back, and never breaks. */
class H2LinkFuzzTest {
  private static final byte[] SETTINGS = {0, 0, 0, Frames.SETTINGS, 0, 0, 0, 0, 0};

  /** Answers every request and reads all bodies. */
  private static final class Echo implements H2Link.Owner {
    @Override
    public void opened(H2LinkStream stream) {
      stream.listen(
          new H2LinkStream.Events() {
            @Override
            public void headers(Http2Headers headers, boolean end) {
              stream.headers(new DefaultHttp2Headers().status("200"), false);
              stream.data(Unpooled.wrappedBuffer(new byte[100]), end);
            }

            @Override
            public void data(ByteBuf bytes, boolean end) {
              stream.data(bytes, end);
            }

            @Override
            public void batchEnd() {
              stream.read();
            }

            @Override
            public void roomAgain() {}

            @Override
            public void reset(long code) {}

            @Override
            public void closed(boolean unseen) {}
          });
    }

    @Override
    public void streamClosed() {}

    @Override
    public void retired() {}
  }

  @FuzzTest(maxDuration = "120s")
  void aServerAndAClientTakeAnyBytes(byte[] bytes) {
    run(true, bytes);
    run(false, bytes);
  }

  private static void run(boolean server, byte[] bytes) {
    H2Link link = new H2Link(new H2Settings(server, 10, 70_000, 200_000, 8192, 20), new Echo());
    EmbeddedChannel channel = new EmbeddedChannel(link);
    if (!server) {
      H2LinkStream stream = link.open();
      new Echo().opened(stream);
      stream.headers(
          new DefaultHttp2Headers().method("GET").scheme("http").path("/").authority("a"), true);
      stream.read();
    }
    ByteBuf begin =
        server
            ? Unpooled.wrappedBuffer(Preface.CLIENT, SETTINGS)
            : Unpooled.wrappedBuffer(SETTINGS);
    arrive(channel, begin);
    // In two portions, so that frames are cut.
    int half = bytes.length / 2;
    arrive(channel, Unpooled.copiedBuffer(bytes, 0, half));
    arrive(channel, Unpooled.copiedBuffer(bytes, half, bytes.length - half));
    channel.runPendingTasks();
    channel.checkException();
    channel.finishAndReleaseAll();
  }

  private static void arrive(EmbeddedChannel channel, ByteBuf bytes) {
    if (channel.isOpen()) {
      channel.writeInbound(bytes);
    } else {
      bytes.release();
    }
  }
}
