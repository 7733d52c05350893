package io.hostmesh.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.runtime.backoff.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Ten thousand hosts with three services each, all started within a minute: how many certificates
 * they ask for in the busiest second. Citadel signs 2,000 in a second.
 */
class RenewalStormTest {
  private static final int HOSTS = 10_000;
  private static final int SERVICES = 3;
  private static final int FAR_BELOW = 1_000;
  private static final Duration LIFE = Duration.ofHours(1);
  private static final Duration BACKDATING = Duration.ofMinutes(1);
  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(5));
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  /** When a service of a host asks next. */
  private record Ask(Instant at, Attempts past) implements Comparable<Ask> {
    @Override
    public int compareTo(Ask other) {
      return at.compareTo(other.at);
    }
  }

  /**
   * What happened.
   *
   * @param answered requests, by second
   * @param expired certificates that ended before there was another one
   */
  private record Outcome(List<Integer> answered, int expired) {
    int peakFrom(int second) {
      return Collections.max(answered.subList(second, answered.size()));
    }
  }

  /** Lets time pass. */
  private static Outcome run(Duration length, Instant away, Instant back, Random random) {
    int[] answered = new int[(int) length.toSeconds()];
    int expired = 0;
    PriorityQueue<Ask> asks = new PriorityQueue<>();
    for (int service = 0; service < HOSTS * SERVICES; service++) {
      asks.add(new Ask(BEGIN.plusMillis(random.nextLong(60_000)), Attempts.none()));
    }
    while (true) {
      Ask ask = asks.remove();
      int second = (int) Duration.between(BEGIN, ask.at()).toSeconds();
      if (second >= answered.length) {
        return new Outcome(Arrays.stream(answered).boxed().toList(), expired);
      }
      boolean isAway = !ask.at().isBefore(away) && ask.at().isBefore(back);
      if (isAway) {
        Attempts past = ask.past().unanswered("away", ask.at(), BACKOFF, random);
        asks.add(new Ask(past.notBefore(), past));
      } else {
        answered[second]++;
        expired += ask.past().isExpired(ask.at()) ? 1 : 0;
        RenewalSchedule next =
            RenewalSchedule.of(ask.at().minus(BACKDATING), ask.at().plus(LIFE), random);
        asks.add(
            new Ask(
                next.renewAt(),
                new Attempts(null, next, 0, Instant.MIN, Optional.empty(), Instant.MIN)));
      }
    }
  }

  @Property(tries = 3)
  void whoStartsTogetherRenewsSpread(@ForAll long seed) {
    Outcome outcome = run(Duration.ofHours(4), Instant.MAX, Instant.MAX, new Random(seed));
    assertThat(outcome.peakFrom(0)).isLessThan(FAR_BELOW);
    assertThat(outcome.peakFrom(60)).as("of renewals").isLessThan(FAR_BELOW / 5);
    assertThat(outcome.expired()).isZero();
  }

  @Property(tries = 5)
  void whoWaitedForCitadelDoesNotComeBackAtOnce(
      @ForAll @IntRange(min = 1, max = 25) int minutes, @ForAll long seed) {
    Instant away = BEGIN.plus(Duration.ofMinutes(20));
    Instant back = away.plus(Duration.ofMinutes(minutes));
    Outcome outcome = run(Duration.ofHours(2), away, back, new Random(seed));
    assertThat(outcome.peakFrom(0)).isLessThan(FAR_BELOW);
    assertThat(outcome.expired()).isZero();
  }
}
