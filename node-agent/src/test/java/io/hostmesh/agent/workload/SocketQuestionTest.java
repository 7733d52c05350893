package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.agent.workload.SocketHolders.Holder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SocketQuestionTest {
  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  @Test
  void aQuestionIsReadAsItWasWritten() throws Exception {
    for (Question question :
        List.of(
            new ProcessQuestion(true, Integer.MAX_VALUE, Long.MAX_VALUE),
            new SocketQuestion(
                SocketQuestion.About.CONNECTION, true, at("10.0.0.1", 65535), at("10.9.8.7", 80)),
            new SocketQuestion(
                SocketQuestion.About.LISTENERS, false, at("fe80::1", 1), at("::", 0)))) {
      assertThat(question.encoded()).hasSize(Question.BYTES);
      assertThat(Question.decode(question.encoded())).isEqualTo(question);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "3, 2", "4, 3", "5, 2", "6, 5", "7, 1", "12, 1", "20, 1"})
  void aByteThatDoesNotFitIsRefused(int index, int value) {
    byte[] bytes =
        new SocketQuestion(
                SocketQuestion.About.CONNECTION, true, at("10.0.0.1", 1), at("10.0.0.2", 2))
            .encoded();
    bytes[index] = (byte) value;
    assertThatThrownBy(() -> Question.decode(bytes)).isInstanceOf(Question.Unreadable.class);
    assertThatThrownBy(() -> Question.decode(new byte[47])).isInstanceOf(Question.Unreadable.class);
  }

  @ParameterizedTest
  @CsvSource({"5, 2", "6, 1", "7, 1", "8, 128", "12, 1", "16, 128", "24, 1", "47, 1"})
  void aByteThatDoesNotFitAProcessIsRefused(int index, int value) {
    byte[] bytes = new ProcessQuestion(false, 4711, 99).encoded();
    bytes[index] = (byte) value;
    assertThatThrownBy(() -> Question.decode(bytes)).isInstanceOf(Question.Unreadable.class);
  }

  @Test
  void anAnswerIsReadAsItWasWrittenAndElseTellsNothing() {
    SocketHolders known =
        new SocketHolders.Known(
            7,
            1000,
            42,
            List.of(
                new Holder(1, 2, 3, 4, "/usr/sbin/nginx", Optional.of("ab".repeat(32))),
                new Holder(5, 6, -1, 8, "/bin/sh", Optional.empty())));
    assertThat(SocketHolders.decode(known.encoded())).isEqualTo(known);
    SocketHolders unknown = new SocketHolders.Unknown("nobody knows");
    assertThat(SocketHolders.decode(unknown.encoded())).isEqualTo(unknown);

    byte[] cut = java.util.Arrays.copyOf(known.encoded(), known.encoded().length - 1);
    byte[] longer = java.util.Arrays.copyOf(known.encoded(), known.encoded().length + 1);
    byte[] ofAnotherVersion = known.encoded();
    ofAnotherVersion[3]++;
    for (byte[] bytes : List.of(cut, longer, ofAnotherVersion, new byte[0])) {
      assertThat(SocketHolders.decode(bytes)).isInstanceOf(SocketHolders.Unknown.class);
    }
  }
}
