package io.hostmesh.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class RenewalScheduleTest {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  @Property
  void isWithinTheTenthBeforeHalfOfTheLife(
      @ForAll @LongRange(min = 20, max = 400L * 24 * 3600 * 1000) long millis, @ForAll long seed) {
    Instant end = BEGIN.plusMillis(millis);
    RenewalSchedule schedule = RenewalSchedule.of(BEGIN, end, new Random(seed));
    assertThat(schedule.renewAt())
        .isBetween(BEGIN.plusMillis(millis * 4 / 10 - 1), BEGIN.plusMillis(millis / 2));
    assertThat(schedule.isDue(schedule.renewAt())).isTrue();
    assertThat(schedule.isDue(schedule.renewAt().minusNanos(1))).isFalse();
    assertThat(schedule.isExpired(end)).isTrue();
    assertThat(schedule.isExpired(end.minusNanos(1))).isFalse();
  }

  @Property
  void beingLateComesBetweenRenewalAndExpiry(
      @ForAll @LongRange(min = 20, max = 400L * 24 * 3600 * 1000) long millis, @ForAll long seed) {
    Instant end = BEGIN.plusMillis(millis);
    RenewalSchedule schedule = RenewalSchedule.of(BEGIN, end, new Random(seed));
    assertThat(schedule.isLate(schedule.renewAt())).isFalse();
    assertThat(schedule.isLate(end)).isTrue();
    assertThat(schedule.isLate(BEGIN.plus(Duration.ofMillis(millis * 6 / 10)))).isFalse();
  }
}
