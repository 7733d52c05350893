package io.hostmesh.agent.tries;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrpcTimeoutTest {
  @Test
  void timesAreReadInAllUnits() {
    assertThat(GrpcTimeout.parse("100m")).contains(Duration.ofMillis(100));
    assertThat(GrpcTimeout.parse("7u")).contains(Duration.ofNanos(7000));
    assertThat(GrpcTimeout.parse("99999999n")).contains(Duration.ofNanos(99_999_999));
    assertThat(GrpcTimeout.parse("3S")).contains(Duration.ofSeconds(3));
    assertThat(GrpcTimeout.parse("2M")).contains(Duration.ofMinutes(2));
    assertThat(GrpcTimeout.parse("99999999H")).contains(Duration.ofHours(99_999_999));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "1", "1x", "-1m", "1.5S", "123456789m", " 1m"})
  void whatIsNoTimeIsNone(String text) {
    assertThat(GrpcTimeout.parse(text)).isEmpty();
  }

  @Test
  void timesAreWrittenWithEightDigitsAtMost() {
    assertThat(GrpcTimeout.format(0)).isEqualTo("0n");
    assertThat(GrpcTimeout.format(Duration.ofMillis(99).toNanos())).isEqualTo("99000000n");
    assertThat(GrpcTimeout.format(Duration.ofMillis(500).toNanos())).isEqualTo("500000u");
    assertThat(GrpcTimeout.format(Duration.ofHours(1).toNanos())).isEqualTo("3600000m");
    assertThat(GrpcTimeout.parse(GrpcTimeout.format(Long.MAX_VALUE))).isPresent();
  }
}
