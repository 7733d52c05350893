package io.hostmesh.agent.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.limit.TokenBucket.Terms;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class KeyedBucketsTest {
  private static final long SECOND = 1_000_000_000L;

  private static KeyedBuckets buckets(Terms terms) {
    return new KeyedBuckets((key, now) -> new TokenBucket(key, terms, now), 0);
  }

  private static long take(KeyedBuckets buckets, String key, long now) {
    long answer = buckets.of(key, now).take(now);
    assertThat(answer).isNotEqualTo(Bucket.RETIRED);
    return answer;
  }

  @Test
  void eachKeyHasItsOwn() {
    KeyedBuckets buckets = buckets(new Terms(SECOND, SECOND));
    for (String key : List.of("ann", "bob", "", "x".repeat(10_000), "x".repeat(10_001))) {
      assertThat(take(buckets, key, 0)).isNotNegative();
      assertThat(take(buckets, key, 0)).isNegative();
    }
  }

  /** Longer keys are kept by their digest: 8,192 of the longest header would be the whole heap. */
  @Test
  void noKeyIsKeptAtAnyLength() {
    assertThat(buckets(new Terms(1, 1)).of("x".repeat(100_000), 0).key()).hasSize(64);
  }

  /** Places are given away only by who is owed nothing, so nobody gets more by being forgotten. */
  @Property(tries = 20)
  void whateverKeysComeEachGetsNoMoreThanItsLimit(
      @ForAll @Size(min = 1_000, max = 5_000) List<@IntRange(min = 0, max = 50_000) Integer> keys,
      @ForAll @IntRange(min = 1, max = 1_000_000) int step) {
    long each = SECOND;
    int burst = 2;
    KeyedBuckets buckets = buckets(new Terms(each, burst * each));
    Map<Integer, Integer> taken = new HashMap<>();
    long now = 0;
    for (int key : keys) {
      now += step;
      if (take(buckets, "user-" + key, now) >= 0) {
        taken.merge(key, 1, Integer::sum);
      }
    }
    long most = now / each + burst;
    assertThat(taken.values()).allSatisfy(n -> assertThat(n.longValue()).isLessThanOrEqualTo(most));
  }

  @Test
  void aFloodOfKeysTakesNothingFromAnybodyAndSharesOneBucketInTheEnd() {
    KeyedBuckets buckets = buckets(new Terms(SECOND, 10 * SECOND));
    for (int i = 0; i < 10; i++) {
      assertThat(take(buckets, "known", 0)).isNotNegative();
    }
    assertThat(take(buckets, "known", 0)).isNegative();
    int let = 0;
    Set<Bucket> held = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      Bucket bucket = buckets.of("flood-" + i, 0);
      held.add(bucket);
      let += bucket.take(0) >= 0 ? 1 : 0;
    }
    assertThat(held).hasSizeLessThanOrEqualTo(KeyedBuckets.PLACES);
    assertThat(let).isBetween(KeyedBuckets.PLACES / 2, KeyedBuckets.PLACES + 10);
    assertThat(take(buckets, "known", 0)).as("who is over the limit stays there").isNegative();
    assertThat(take(buckets, "known", SECOND)).as("and has its rate").isNotNegative();
    assertThat(take(buckets, "flood-new", 2 * SECOND)).as("places are free again").isNotNegative();
  }
}
