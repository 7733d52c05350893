package io.hostmesh.agent.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.telemetry.Failure;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthQuestionTest {
  @Test
  void aServicesNameMayBeOfAnyLength() {
    assertThat(HealthQuestion.message("")).as("of the server").isEmpty();
    assertThat(HealthQuestion.message("ab")).containsExactly(10, 2, 'a', 'b');
    byte[] longest = HealthQuestion.message("x".repeat(300));
    assertThat(Arrays.copyOf(longest, 4)).containsExactly(10, 0b1010_1100, 0b10, 'x');
    assertThat(longest).hasSize(303);
  }

  @ParameterizedTest
  @CsvSource({
    "CONNECT_FAILED, true",
    "UPSTREAM_CLOSED, true",
    "UPSTREAM_RESET, true",
    "UPSTREAM_PROTOCOL, true",
    "TIMEOUT, true",
    "ACCESS_DENIED, false",
    "UNAUTHENTICATED, false",
    "RATE_LIMITED, false",
    "OVERFLOW, false",
    "NO_ROUTE, false",
  })
  void onlyWhatTheInstanceDidSaysThatItIsIll(Failure.Kind kind, boolean ill) {
    assertThat(HealthQuestion.isOfTheInstance(new Failure(kind, "it"))).isEqualTo(ill);
  }
}
