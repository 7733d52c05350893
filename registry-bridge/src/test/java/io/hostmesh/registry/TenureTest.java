package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TenureTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - SECOND); // It may wrap around.
  private final Tenure tenure = new Tenure(clock::get, Duration.ofSeconds(8));

  @Test
  void whoLooksWhileOneTermEndsAndTheNextBeginsSeesNeitherForTheOther() {
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    Tenure watched =
        new Tenure(
            () -> {
              meanwhile.getAndSet(() -> {}).run();
              return clock.get();
            },
            Duration.ofSeconds(8));
    watched.renewed(watched.now());
    watched.elected();
    long first = watched.term();
    seconds(9); // The first is over; the next one is won while somebody asks.
    meanwhile.set(
        () -> {
          watched.ended();
          watched.renewed(clock.get());
          watched.elected();
        });
    assertThat(watched.term()).as("not the first's").isZero();
    assertThat(watched.term()).isGreaterThan(first);
  }

  private void seconds(int more) {
    clock.addAndGet(more * SECOND);
  }

  @Test
  void itEndsByTheClockThoughNobodyLooks() {
    tenure.renewed(tenure.now());
    assertThat(tenure.term()).as("not elected").isZero();
    tenure.elected();
    seconds(7);
    assertThat(tenure.term()).isPositive();
    seconds(1);
    assertThat(tenure.term()).isZero();
    assertThat(tenure.holds()).as("is to be told that it is over").isTrue();
  }

  @Test
  void theTimeThatARenewalTookIsNotSure() {
    tenure.renewed(tenure.now());
    tenure.elected();
    long asked = tenure.now();
    seconds(6);
    tenure.renewed(asked);
    seconds(1);
    assertThat(tenure.term()).isPositive();
    seconds(1);
    assertThat(tenure.term()).isZero();
  }

  @Test
  void aSessionThatWasRenewedLateIsTheSameTermAndAnElectionIsANewOne() {
    tenure.renewed(tenure.now());
    tenure.elected();
    long first = tenure.term();
    seconds(9);
    tenure.renewed(tenure.now());
    assertThat(tenure.term()).as("nobody else held the lock").isEqualTo(first);
    tenure.ended();
    assertThat(tenure.term()).isZero();
    tenure.elected();
    assertThat(tenure.term()).isGreaterThan(first);
  }
}
