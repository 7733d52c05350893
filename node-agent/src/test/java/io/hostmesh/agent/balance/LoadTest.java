package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.UpstreamLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final Origin ORIGIN = new Origin("upstream default/shop", 3, "limits");

  private static Load load(UpstreamLimits limits, RetryBudget budget) {
    Load.Bounds bounds = new Load.Bounds(limits, budget);
    return new Load(ServiceName.of("shop"), () -> bounds);
  }

  private static UpstreamLimits requests(int most) {
    int none = UpstreamLimits.UNLIMITED;
    return new UpstreamLimits(none, none, most, none, ORIGIN);
  }

  @Test
  void withoutARuleNothingIsRefusedButRetriesBeyondTheBudget() {
    Load load = new Load(ServiceName.of("shop"), () -> Load.Bounds.DEFAULT);
    for (int i = 0; i < 5_000; i++) {
      assertThat(load.begin(Load.Kind.REQUESTS)).isTrue();
    }
    int retries = 0;
    while (load.tryRetry()) {
      retries++;
    }
    assertThat(retries).as("20 % of those under way").isEqualTo(1_000);
    load.retryEnded();
    assertThat(load.tryRetry()).isTrue();
  }

  @Test
  void aRequestThatWaitsForItsConnectionIsOneRequestToTheBudget() {
    Load load = load(UpstreamLimits.NONE, new RetryBudget(Share.percent(20), 0));
    for (int i = 0; i < 10; i++) {
      assertThat(load.begin(Load.Kind.REQUESTS)).isTrue();
      assertThat(load.begin(Load.Kind.PENDING)).isTrue();
    }
    assertThat(List.of(load.tryRetry(), load.tryRetry(), load.tryRetry()))
        .as("20 % of ten")
        .containsExactly(true, true, false);
  }

  @Test
  void aFewRetriesAreAlwaysAllowed() {
    Load load = load(UpstreamLimits.NONE, new RetryBudget(Share.percent(20), 3));
    assertThat(List.of(load.tryRetry(), load.tryRetry(), load.tryRetry(), load.tryRetry()))
        .containsExactly(true, true, true, false);
    assertThat(load.refusals(Load.Kind.RETRIES)).isEqualTo(1);
    assertThat(load.full(Load.Kind.RETRIES).sentence())
        .isEqualTo("this host has as many retries to shop under way as it may");
  }

  @Test
  void whatIsBeyondTheLimitIsRefusedAndTheSentenceSaysWhereItIsSet() {
    Load load = load(requests(2), RetryBudget.DEFAULT);
    assertThat(load.begin(Load.Kind.REQUESTS)).isTrue();
    assertThat(load.begin(Load.Kind.REQUESTS)).isTrue();
    assertThat(load.begin(Load.Kind.REQUESTS)).isFalse();
    assertThat(load.full(Load.Kind.REQUESTS))
        .isEqualTo(
            new Failure(
                Failure.Kind.OVERFLOW,
                "this host has 2 requests under way to shop, the most that limits.requests of"
                    + " upstream default/shop allows; raise it, or add instances"));
    load.ended(Load.Kind.REQUESTS);
    assertThat(load.begin(Load.Kind.REQUESTS)).isTrue();
    assertThat(load.refusals(Load.Kind.REQUESTS)).isEqualTo(1);
  }

  @Test
  void aLimitHoldsForAllLoopsTogether() throws InterruptedException {
    Load load = load(requests(3), RetryBudget.DEFAULT);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Thread> loops = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      loops.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int turn = 0; turn < 20_000; turn++) {
                      if (load.begin(Load.Kind.REQUESTS)) {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                        load.ended(Load.Kind.REQUESTS);
                      }
                    }
                  }));
    }
    for (Thread loop : loops) {
      loop.join();
    }
    assertThat(most.get()).isBetween(1, 3);
    assertThat(load.count(Load.Kind.REQUESTS)).isZero();
  }

  @Property
  void retriesNeverExceedTheBudget(
      @ForAll @IntRange(min = 0, max = 500) int requests,
      @ForAll @IntRange(min = 0, max = 100) int percent,
      @ForAll @IntRange(min = 0, max = 20) int min) {
    Load load = load(UpstreamLimits.NONE, new RetryBudget(Share.percent(percent), min));
    for (int i = 0; i < requests; i++) {
      assertThat(load.begin(Load.Kind.REQUESTS)).isTrue();
    }
    int retries = 0;
    while (load.tryRetry()) {
      retries++;
    }
    assertThat(retries).isEqualTo(Math.max(min, requests * percent / 100));
  }
}
