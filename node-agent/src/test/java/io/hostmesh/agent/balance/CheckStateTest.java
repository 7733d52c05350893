package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.rules.ActiveCheck;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class CheckStateTest {
  @Property
  void onlyRowsThatAreLongEnoughChangeWhatHolds(
      @ForAll List<Boolean> results,
      @ForAll @IntRange(min = 1, max = 4) int healthy,
      @ForAll @IntRange(min = 1, max = 4) int unhealthy) {
    ActiveCheck check =
        new ActiveCheck(
            new ActiveCheck.Question.Tcp(),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            healthy,
            unhealthy);
    CheckState state = CheckState.WELL;
    int good = 0;
    int bad = 0;
    boolean ill = false;
    for (boolean result : results) {
      good = result ? good + 1 : 0;
      bad = result ? 0 : bad + 1;
      state = result ? state.good(check) : state.bad(check, "status 500");
      ill = ill ? good < healthy : bad >= unhealthy;
      assertThat(state.ill()).isEqualTo(ill);
      assertThat(state.why().isEmpty()).isNotEqualTo(ill);
    }
  }
}
