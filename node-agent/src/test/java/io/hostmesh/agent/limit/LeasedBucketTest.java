package io.hostmesh.agent.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeasedBucketTest {
  private static final LimitRule RULE =
      (LimitRule)
          RuleParser.parse(
              "limit.conf",
              "kind = limit, service = shop, limits = [ { name = all, rate = \"80/s\", burst = 10,"
                  + " scope = mesh } ]");

  private final LeasedBucket bucket =
      new LeasedBucket(ServiceName.of("shop"), "all", RULE.limits().getFirst());

  private Optional<LeasedBucket.Ask> tick(int number) {
    return bucket.tick(number * LeasedBucket.TICK_NANOS, true);
  }

  @Test
  void whatIsNotNeededGoesBackOnce() {
    bucket.granted(30, 80, 0);
    assertThat(tick(1)).contains(new LeasedBucket.Ask(0, 30, 0));
    assertThat(tick(2)).isEmpty();
  }

  @Test
  void whatPilotDidNotTakeIsKeptAndGoesBackLater() {
    bucket.granted(30, 80, 0);
    LeasedBucket.Ask ask = tick(1).orElseThrow();
    assertThat(bucket.remaining(0)).as("its credit").isEqualTo(10);
    bucket.untaken(ask, LeasedBucket.TICK_NANOS);
    assertThat(bucket.remaining(0)).isEqualTo(40);
    assertThat(tick(10)).as("not yet").isEmpty();
    assertThat(tick(11)).as("after a second").contains(ask);
    bucket.untaken(ask, 11 * LeasedBucket.TICK_NANOS);
    assertThat(tick(30)).as("not yet").isEmpty();
    assertThat(tick(31)).as("after two more").contains(ask);
    bucket.granted(30, 80, 32 * LeasedBucket.TICK_NANOS);
    assertThat(tick(33)).as("pilot is back").contains(ask);
    assertThat(tick(34)).isEmpty();
  }
}
