package io.hostmesh.pilot.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.api.v1.LeaseAsk;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RuleParser;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A burst is for the mesh once, whoever leads it. */
class LessorTest {
  private static final int BURST = 100;

  private final AtomicLong term = new AtomicLong(1);
  private final Lessor lessor = new Lessor(term::get);

  LessorTest() {
    lessor.hear(
        List.of(
            RuleParser.parse(
                "limit.conf",
                """
                kind = limit, service = greeter
                limits = [ { name = all, rate = "10/s", burst = 100, scope = mesh } ]
                """)),
        new TreeMap<>(Map.of("h1", new TreeSet<>(List.of(ServiceName.of("greeter"))))));
  }

  private Optional<Long> granted(long want, long seconds) {
    LeaseRequest request =
        LeaseRequest.newBuilder()
            .addAsks(
                LeaseAsk.newBuilder()
                    .setService("default/greeter")
                    .setLimit("limit/default/greeter#all")
                    .setWant(want))
            .build();
    return lessor
        .lease("h1", request, TimeUnit.SECONDS.toNanos(seconds))
        .map(LeaseReply::getGrantsList)
        .map(grants -> grants.getFirst().getGranted());
  }

  /** Its first account is empty; one of a limit that comes when it has led for long is full. */
  private void spendTheBurst() {
    assertThat(granted(BURST, 0)).contains(0L);
    assertThat(granted(BURST, 10)).contains((long) BURST);
    assertThat(granted(BURST, 10)).hasValueSatisfying(more -> assertThat(more).isLessThan(10));
  }

  @Test
  void whoDoesNotLeadSendsTheAgentOn() {
    term.set(0);
    assertThat(granted(1, 0)).isEmpty();
  }

  @Test
  void whoLeadsAnewBeginsWithoutTokensThoughNobodyAskedMeanwhile() {
    spendTheBurst();
    term.set(2);
    assertThat(granted(BURST, 1_000)).as("another may have granted them").contains(0L);
    assertThat(granted(BURST, 1_001)).contains(10L);
  }

  @Test
  void whoWasNotSureForAMomentBeginsWithoutTokens() {
    spendTheBurst();
    term.set(0);
    assertThat(granted(BURST, 1_000)).isEmpty();
    term.set(1);
    assertThat(granted(BURST, 1_001)).contains(0L);
  }
}
