package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class NodeExpiryTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration REMOVE = Duration.ofMinutes(5);
  private static final Map<String, CheckStatus> LISTED = Map.of("n", CheckStatus.PASSING);
  private static final Map<String, CheckStatus> MARKED = Map.of("n", CheckStatus.CRITICAL);

  @Test
  void aHeartbeatThatStopsIsSeenAtOnce() {
    NodeExpiry.Round round = NodeExpiry.START.look(LISTED, Set.of("n"), START, REMOVE);
    assertThat(round.verdicts()).isEmpty();
    round = round.next().look(LISTED, Set.of(), START.plusSeconds(2), REMOVE);
    assertThat(round.verdicts()).containsExactly(new NodeExpiry.Dead("n"));
  }

  @Test
  void aNodeThatNeverBeatIsGivenTime() {
    NodeExpiry.Round round = NodeExpiry.START.look(LISTED, Set.of(), START, REMOVE);
    round = round.next().look(LISTED, Set.of(), START.plusSeconds(9), REMOVE);
    assertThat(round.verdicts()).isEmpty();
    round = round.next().look(LISTED, Set.of(), START.plusSeconds(10), REMOVE);
    assertThat(round.verdicts()).containsExactly(new NodeExpiry.Dead("n"));
  }

  @Test
  void aDeadNodeIsRemovedAfterItsTime() {
    NodeExpiry.Round round = NodeExpiry.START.look(MARKED, Set.of(), START, REMOVE);
    assertThat(round.verdicts()).isEmpty();
    round = round.next().look(MARKED, Set.of(), START.plus(REMOVE).minusMillis(1), REMOVE);
    assertThat(round.verdicts()).isEmpty();
    round = round.next().look(MARKED, Set.of(), START.plus(REMOVE), REMOVE);
    assertThat(round.verdicts()).containsExactly(new NodeExpiry.Remove("n"));
  }

  @Test
  void aHeartbeatThatComesBackBeginsTheTimeAnew() {
    NodeExpiry.Round round = NodeExpiry.START.look(MARKED, Set.of(), START, REMOVE);
    round = round.next().look(MARKED, Set.of("n"), START.plusSeconds(1), REMOVE);
    assertThat(round.verdicts()).containsExactly(new NodeExpiry.Alive("n"));
    assertThat(round.next().silentSince()).isEmpty();
  }

  @Test
  void othersNodesAreNeverTouched() {
    NodeExpiry.Round round = NodeExpiry.START.look(Map.of(), Set.of("foreign"), START, REMOVE);
    assertThat(round.verdicts()).isEmpty();
    assertThat(round.next()).isEqualTo(NodeExpiry.START);
  }
}
