package io.hostmesh.agent.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

class DnsQueryFuzzTest {
  private final MeshZone zone =
      new MeshZone(_ -> Optional.of(List.of(InetAddress.ofLiteral("241.0.0.1"))));

  /** Whatever comes, the parser says yes or no, and an answer repeats the question. */
  @FuzzTest(maxDuration = "10s")
  void anyBytesAreAQuestionOrNone(byte[] message) {
    Optional<DnsQuery> query = DnsQuery.parse(message);
    if (query.isEmpty()) {
      return;
    }
    assertThat(query.get().payload()).isBetween(512, 65535);
    byte[] question = new byte[query.get().question().remaining()];
    query.get().question().get(0, question);
    zone.answer(query.get(), 65535)
        .ifPresent(
            answer -> {
              assertThat(answer).hasSizeGreaterThanOrEqualTo(12 + question.length);
              assertThat(java.util.Arrays.copyOfRange(answer, 12, 12 + question.length))
                  .isEqualTo(question);
              assertThat(DnsQuery.parse(answer)).as("an answer is no question").isEmpty();
            });
  }
}
