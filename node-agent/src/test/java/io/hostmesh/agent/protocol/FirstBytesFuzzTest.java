package io.hostmesh.agent.protocol;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Whatever comes first: an answer that was given holds, and every connection gets one. */
class FirstBytesFuzzTest {
  @FuzzTest(maxDuration = "30s")
  void moreBytesNeverChangeAnAnswer(byte[] bytes) {
    FirstBytes before = FirstBytes.UNDECIDED;
    for (int length = 0; length <= Math.min(bytes.length, 64); length++) {
      before = next(before, Unpooled.wrappedBuffer(bytes, 0, length));
    }
    ByteBuf all = Unpooled.wrappedBuffer(bytes);
    if (next(before, all) == FirstBytes.UNDECIDED && bytes.length >= FirstBytes.MAX_LINE) {
      throw new AssertionError("undecided after " + bytes.length + " bytes");
    }
  }

  private static FirstBytes next(FirstBytes before, ByteBuf bytes) {
    FirstBytes now = FirstBytes.of(bytes);
    if (before != FirstBytes.UNDECIDED && now != before) {
      throw new AssertionError(before + " became " + now + " with byte " + bytes.readableBytes());
    }
    return now;
  }
}
