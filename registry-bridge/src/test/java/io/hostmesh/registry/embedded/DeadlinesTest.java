package io.hostmesh.registry.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class DeadlinesTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Deadlines deadlines = new Deadlines();

  private static Store withCheck(String status) {
    StoredService web = new StoredService("web", "web", "", List.of(), "", 80, Map.of(), 0, 0);
    StoredCheck check =
        new StoredCheck(
                "c",
                "c",
                status,
                "",
                "fine",
                "",
                "",
                Optional.of(Duration.ofSeconds(10)),
                Optional.of(Duration.ofMinutes(1)),
                0,
                0)
            .of(web);
    TreeMap<String, StoredService> services = new TreeMap<>(Map.of("web", web));
    TreeMap<String, StoredCheck> checks = new TreeMap<>(Map.of("c", check));
    return Store.EMPTY.write(new StoredNode("n", "10.0.0.1", Map.of(), services, checks, 0, 0));
  }

  private static StoredNode node(Store store) {
    return store.node("n").orElseThrow();
  }

  private static String status(Store store) {
    return node(store).checks().values().iterator().next().status();
  }

  @Test
  void aReportHoldsForItsTimeToLive() {
    Store store = deadlines.expire(withCheck("passing"), START);
    store = deadlines.expire(store, START.plusSeconds(9));
    assertThat(status(store)).isEqualTo("passing");
    deadlines.check(new Deadlines.CheckKey("n", "c"), Duration.ofSeconds(10), START.plusSeconds(9));
    store = deadlines.expire(store, START.plusSeconds(18));
    assertThat(status(store)).isEqualTo("passing");
    store = deadlines.expire(store, START.plusSeconds(19));
    assertThat(status(store)).isEqualTo("critical");
  }

  @Test
  void aServiceThatStaysCriticalIsRemoved() {
    Store store = deadlines.expire(withCheck("critical"), START);
    store = deadlines.expire(store, START.plusSeconds(59));
    assertThat(node(store).services()).containsKey("web");
    store = deadlines.expire(store, START.plusSeconds(60));
    assertThat(node(store).services()).isEmpty();
    assertThat(node(store).checks()).isEmpty();
  }

  @Test
  void recoveringBeginsTheTimeAnew() {
    Store store = deadlines.expire(withCheck("critical"), START);
    Store better = deadlines.expire(store.report("n", "c", "passing", ""), START.plusSeconds(5));
    Store worse = deadlines.expire(better.report("n", "c", "critical", ""), START.plusSeconds(50));
    worse = deadlines.expire(worse, START.plusSeconds(100));
    assertThat(node(worse).services()).containsKey("web");
    worse = deadlines.expire(worse, START.plusSeconds(110));
    assertThat(node(worse).services()).isEmpty();
  }

  @Test
  void aLockRestsAfterItsSessionExpired() {
    StoredSession session =
        new StoredSession(
            "s",
            "",
            "n",
            Duration.ofSeconds(15),
            false,
            Optional.of(Duration.ofSeconds(10)),
            List.of(),
            1);
    Store store = withCheck("passing").begin(session);
    deadlines.session(session, START);
    store = store.put("lock", "", 0, new Store.Condition.Acquire("s")).store();
    store = deadlines.expire(store, START.plusSeconds(9));
    assertThat(store.sessions()).containsKey("s");
    deadlines.session(session, START.plusSeconds(9));
    store = deadlines.expire(store, START.plusSeconds(19));
    assertThat(store.sessions()).isEmpty();
    assertThat(store.keys().get("lock").orElseThrow().session()).isEmpty();
    assertThat(deadlines.rests("lock", START.plusSeconds(33))).isTrue();
    assertThat(deadlines.rests("lock", START.plusSeconds(34))).isFalse();
  }
}
