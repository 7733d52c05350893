package io.hostmesh.agent.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.limit.TokenBucket.Terms;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
  private static TokenBucket bucket(long each, int burst, long now) {
    return new TokenBucket("", new Terms(each, each * burst), now);
  }

  /** Whatever callers do: in any time, no more than the rate gives in it and the burst. */
  @Property(tries = 300)
  void neverMoreThanTheRateAndTheBurst(
      @ForAll @LongRange(min = 1_000, max = 100_000) long each,
      @ForAll @IntRange(min = 1, max = 50) int burst,
      @ForAll @LongRange(min = -1L << 62, max = 1L << 62) long start,
      @ForAll @Size(min = 1, max = 300) List<@LongRange(min = 0, max = 200_000) Long> gaps) {
    TokenBucket bucket = bucket(each, burst, start);
    List<Long> taken = new ArrayList<>();
    long now = start;
    for (long gap : gaps) {
      now += gap;
      if (bucket.take(now) >= 0) {
        taken.add(now);
      }
    }
    for (int from = 0; from < taken.size(); from++) {
      for (int to = from; to < taken.size(); to++) {
        long time = taken.get(to) - taken.get(from);
        assertThat(to - from + 1L).isLessThanOrEqualTo(time / each + burst);
      }
    }
  }

  /** Who waits as long as the bucket said gets a token, and not a nanosecond before. */
  @Property(tries = 300)
  void itNeverStarvesAndItsWordIsExact(
      @ForAll @LongRange(min = 1_000, max = 100_000) long each,
      @ForAll @IntRange(min = 1, max = 50) int burst,
      @ForAll @LongRange(min = -1L << 62, max = 1L << 62) long start,
      @ForAll @Size(max = 100) List<@LongRange(min = 0, max = 200_000) Long> gaps) {
    TokenBucket bucket = bucket(each, burst, start);
    long now = start;
    for (long gap : gaps) {
      now += gap;
      var _ = bucket.take(now);
    }
    long answer = bucket.take(now);
    if (answer < 0) {
      assertThat(-answer).isLessThanOrEqualTo(each);
      assertThat(bucket.take(now - answer - 1)).isEqualTo(-1);
      assertThat(bucket.take(now - answer)).isNotNegative();
    } else {
      for (long left = bucket.remaining(answer); left > 0; left--) {
        assertThat(bucket.take(now)).isNotNegative();
      }
      assertThat(bucket.take(now)).isNegative();
    }
  }

  @Test
  void whatIsGivenBackCanBeTaken() {
    TokenBucket bucket = bucket(1_000_000_000, 2, 5);
    assertThat(bucket.remaining(bucket.take(5))).isEqualTo(1);
    assertThat(bucket.remaining(bucket.take(5))).isZero();
    assertThat(bucket.take(5)).isEqualTo(-1_000_000_000);
    bucket.giveBack();
    assertThat(bucket.remaining(bucket.take(5))).isZero();
    assertThat(bucket.take(5)).isNegative();
  }

  @Test
  void onlyAFullOneGoesOutOfUse() {
    TokenBucket bucket = bucket(100, 2, 0);
    assertThat(bucket.take(0)).isEqualTo(100);
    assertThat(bucket.retire(99)).isFalse();
    assertThat(bucket.take(99)).isEqualTo(101);
    assertThat(bucket.retire(200)).isTrue();
    assertThat(bucket.take(200)).isEqualTo(Bucket.RETIRED);
  }

  @Test
  void manyAtOnceGetNoTokenTwice() throws Exception {
    TokenBucket bucket = bucket(Long.MAX_VALUE / 4_000, 1_000, 0);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Callable<Integer> taker =
          () -> {
            int taken = 0;
            for (int i = 0; i < 1_000; i++) {
              taken += bucket.take(0) >= 0 ? 1 : 0;
            }
            return taken;
          };
      int all = 0;
      for (Future<Integer> one : threads.invokeAll(List.of(taker, taker, taker, taker))) {
        all += one.get();
      }
      assertThat(all).isEqualTo(1_000);
    }
  }
}
