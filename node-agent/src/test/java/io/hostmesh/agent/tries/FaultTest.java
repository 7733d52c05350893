package io.hostmesh.agent.tries;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.rules.FaultPolicy;
import io.hostmesh.model.rules.Share;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FaultTest {
  @Test
  void faultsMeetTheirShareAndEachIsDrawnForItself() {
    FaultPolicy policy =
        new FaultPolicy(
            Optional.of(new FaultPolicy.Delay(Duration.ofSeconds(1), Share.percent(30))),
            Optional.of(
                new FaultPolicy.Abort(OptionalInt.of(503), OptionalInt.empty(), Share.percent(10))),
            Map.of());
    Random random = new Random(11);
    int delays = 0;
    int aborts = 0;
    for (int i = 0; i < 20_000; i++) {
      Fault fault = Fault.draw(policy, false, _ -> List.of(), random);
      delays += fault != null && fault.delayNanos() > 0 ? 1 : 0;
      aborts += fault != null && fault.abort() != null ? 1 : 0;
    }
    assertThat(delays).isBetween(5_800, 6_200);
    assertThat(aborts).isBetween(1_800, 2_200);
  }
}
