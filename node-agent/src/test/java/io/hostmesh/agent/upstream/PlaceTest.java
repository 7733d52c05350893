package io.hostmesh.agent.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.UpstreamLimits;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a connection that idles gives way to another one. */
class PlaceTest {
  private static final int NONE = UpstreamLimits.UNLIMITED;
  private static final UpstreamLimits ONE =
      new UpstreamLimits(1, NONE, NONE, NONE, new Origin("upstream default/shop", 3, "limits"));
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Load load =
      new Load(ServiceName.of("shop"), () -> new Load.Bounds(ONE, RetryBudget.DEFAULT));

  private Place place() {
    assertThat(load.begin(Load.Kind.CONNECTIONS)).isTrue();
    return new Place(load);
  }

  private void refuse() {
    assertThat(load.begin(Load.Kind.CONNECTIONS)).isFalse();
  }

  @Test
  void whereNobodyWasRefusedThereIsNoHurry() {
    assertThat(place().isWanted(60 * SECOND)).isFalse();
  }

  @Test
  void oneThatIdledForASecondGivesWayToWhomeverWasRefused() {
    Place place = place();
    refuse();
    assertThat(place.isWanted(SECOND - 1)).isFalse();
    assertThat(place.isWanted(SECOND)).isTrue();
  }

  @Test
  void whatWasRefusedBeforeItsLastUseIsForgotten() {
    Place place = place();
    refuse();
    place.used();
    assertThat(place.isWanted(SECOND)).isFalse();
  }

  @Test
  void aPlaceIsFreeOnce() {
    Place retired = place();
    retired.free();
    Place next = place();
    retired.free();
    assertThat(load.count(Load.Kind.CONNECTIONS)).isEqualTo(1);
    next.free();
    assertThat(load.count(Load.Kind.CONNECTIONS)).isZero();
  }

  @Test
  void whereNobodyCountsNobodyWants() {
    Place place = new Place(null);
    place.free();
    assertThat(place.isWanted(SECOND)).isFalse();
  }
}
