package io.hostmesh.runtime.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListenFdsTest {
  @Test
  void socketsOfAnotherProcessAreLeftAlone() {
    assertThat(ListenFds.take(Map.of(), 7)).isEmpty();
    assertThat(ListenFds.take(Map.of("LISTEN_FDS", "2", "LISTEN_PID", "8"), 7)).isEmpty();
    assertThat(ListenFds.take(Map.of("LISTEN_FDS", "2"), 7)).isEmpty();
    assertThat(ListenFds.take(Map.of("LISTEN_FDS", "0", "LISTEN_PID", "7"), 7)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "x, a, LISTEN_FDS = x is not a number",
    "-1, a, LISTEN_FDS = -1 is not within 0 to 1024",
    "2000, a, LISTEN_FDS = 2000 is not within 0 to 1024",
    "2, a, 'LISTEN_FDS = 2, but LISTEN_FDNAMES = a names 1'",
  })
  void whatIsPassedMustBeWhatItSays(String count, String names, String complaint) {
    assertThatThrownBy(
            () ->
                ListenFds.take(
                    Map.of("LISTEN_FDS", count, "LISTEN_PID", "7", "LISTEN_FDNAMES", names), 7))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(complaint);
  }
}
