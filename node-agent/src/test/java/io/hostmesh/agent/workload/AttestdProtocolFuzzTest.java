package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;

class AttestdProtocolFuzzTest {
  /** Whatever comes, it is a question that is written as it was read, or none. */
  @FuzzTest(maxDuration = "5s")
  void anyBytesAreAQuestionOrNone(byte[] bytes) {
    byte[] sized = bytes.length > 60 ? Arrays.copyOf(bytes, Question.BYTES) : bytes;
    try {
      assertThat(Question.decode(sized).encoded()).isEqualTo(sized);
    } catch (Question.Unreadable e) {
      assertThat(e).hasMessageNotContaining("null");
    }
  }

  /** Whatever the helper says, the agent reads it or knows nothing. */
  @FuzzTest(maxDuration = "5s")
  void anyBytesAreAnAnswerOrTellNothing(byte[] bytes) {
    switch (SocketHolders.decode(bytes)) {
      case SocketHolders.Known known ->
          assertThat(known.processes()).hasSizeBetween(1, SocketHolders.MOST_PROCESSES);
      case SocketHolders.Unknown unknown -> assertThat(unknown.why()).isNotNull();
    }
  }
}
