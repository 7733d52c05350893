package io.hostmesh.agent.h2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whether the other end of a connection is there, which only it can say. */
class SilentPeerTest {
  private static final long SILENT = TimeUnit.SECONDS.toNanos(2);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);
  private static final byte[] PING_ACK = {
    0, 0, 8, Frames.PING, Frames.ACK, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8
  };
  private static final byte[] SETTINGS = {0, 0, 0, Frames.SETTINGS, 0, 0, 0, 0, 0};

  private final H2Link link =
      new H2Link(
          new H2Settings(false, 10, 65_535, 65_535, 8192, 100),
          new H2Link.Owner() {
            @Override
            public void opened(H2LinkStream stream) {
              throw new AssertionError("a server opened a stream");
            }

            @Override
            public void streamClosed() {}

            @Override
            public void retired() {}
          });
  private final EmbeddedChannel channel = new EmbeddedChannel(link);

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void aPeerThatJustSpokeIsNotAsked() {
    assertThat(isThereAfter(1)).isTrue();

    assertThat(pings()).isZero();
  }

  @Test
  void aPeerThatDoesNotAnswerIsGone() {
    assertThat(isThereAfter(3)).as("asked").isTrue();
    assertThat(isThereAfter(5)).as("has time to answer").isTrue();
    assertThat(isThereAfter(9)).isFalse();
    assertThat(pings()).isEqualTo(2);
  }

  @Test
  void aPeerThatAnswersStays() {
    assertThat(isThereAfter(3)).isTrue();
    channel.writeInbound(Unpooled.copiedBuffer(SETTINGS), Unpooled.copiedBuffer(PING_ACK));

    assertThat(isThereAfter(9)).as("asked again").isTrue();
    assertThat(pings()).isEqualTo(2);
  }

  @Test
  void ourOwnSleepIsNotThePeersDeath() {
    assertThat(isThereAfter(600)).as("the host was suspended").isTrue();

    assertThat(pings()).isEqualTo(1);
  }

  private boolean isThereAfter(int seconds) {
    return link.isPeerThere(
        System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds), SILENT, PATIENCE);
  }

  private int pings() {
    channel.runPendingTasks();
    int pings = 0;
    for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      if (out.getByte(out.readerIndex()) == Preface.CLIENT[0]) {
        out.skipBytes(Preface.CLIENT.length);
      }
      while (out.isReadable()) {
        int length = out.readUnsignedMedium();
        pings += out.readByte() == Frames.PING ? 1 : 0;
        out.skipBytes(5 + length);
      }
      out.release();
    }
    return pings;
  }
}
