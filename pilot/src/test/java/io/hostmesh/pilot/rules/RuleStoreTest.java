package io.hostmesh.pilot.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.registry.Registry;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.registry.testing.EmbeddedUnderTest;
import io.hostmesh.runtime.UserError;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules and their history are written together, and two operators do not undo each other. */
class RuleStoreTest {
  private static final RuleStore.Why ANN = new RuleStore.Why("ann", "apply");

  private final EmbeddedUnderTest consul = EmbeddedUnderTest.start();
  private final Registry registry =
      Registry.connect(RegistrySettings.at(consul.address()), RandomGenerator.getDefault());
  private final RuleStore store = new RuleStore(registry.keyValue(), InstantSource.system());

  @AfterEach
  void end() {
    registry.close();
    consul.close();
  }

  private static RuleStore.Change change(String service, String text) {
    return new RuleStore.Change(key(service), Optional.of(text).filter(it -> !it.isEmpty()));
  }

  private static RuleKey key(String service) {
    return RuleKey.parse("route/default/" + service).orElseThrow();
  }

  @Test
  void whoLookedBeforeAnotherChangedWritesNothing() {
    store.change(List.of(change("a", "1")), ANN);
    RuleHistory seen = store.history();
    store.change(List.of(change("b", "1")), ANN);
    assertThatThrownBy(() -> store.change(List.of(change("a", "2"), change("c", "1")), seen, ANN))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("somebody else changed the rules just now");
    assertThat(store.history().text(key("a"))).contains("1");
    assertThat(store.history().text(key("c"))).isEmpty();
    assertThat(store.history().number()).isEqualTo(2);
  }

  @Test
  void theLastHundredRevisionsAreKept() {
    for (int i = 1; i <= RuleHistory.KEPT + 5; i++) {
      store.change(List.of(change("a", "text " + i)), ANN);
    }
    RuleHistory history = store.history();
    assertThat(history.revisions()).hasSize(RuleHistory.KEPT);
    assertThat(history.number()).isEqualTo(RuleHistory.KEPT + 5);
    assertThat(history.at(5))
        .containsExactlyEntriesOf(java.util.Map.of(key("a"), Optional.of("text 5")));
    assertThatThrownBy(() -> history.at(4)).hasMessageContaining("kept are 6 to 105");
    assertThat(history.beside()).isEmpty();
  }

  /** More than one transaction of the registry takes. */
  @Test
  void fiveHundredRulesAreOneRevision() {
    List<RuleStore.Change> all =
        IntStream.range(0, 500).mapToObj(i -> change("s" + i, "text of " + i)).toList();
    assertThat(store.change(all, ANN)).hasSize(500);
    RuleHistory history = store.history();
    assertThat(history.number()).isEqualTo(1);
    assertThat(history.beside()).isEmpty();
    assertThat(history.at(0)).hasSize(500);
    store.change(
        history.at(0).entrySet().stream()
            .map(each -> new RuleStore.Change(each.getKey(), each.getValue()))
            .toList(),
        history,
        new RuleStore.Why("ann", "rollback to 0"));
    assertThat(store.history().text(key("s7"))).isEmpty();
    assertThat(registry.keyValue().list(RuleStore.FOLDER).join()).isEmpty();
  }

  /** The part that is refused is not the first one written. */
  @Test
  void manyRulesOfWhichOneWasChangedMeanwhileAreNotWrittenAtAll() {
    store.change(List.of(change("s0", "before")), ANN);
    RuleHistory seen = store.history();
    store.change(List.of(change("s0", "by bob")), new RuleStore.Why("bob", "apply"));
    List<RuleStore.Change> all =
        IntStream.range(0, 200).mapToObj(i -> change("s" + i, "text of " + i)).toList();
    assertThatThrownBy(() -> store.change(all, seen, ANN)).isInstanceOf(UserError.class);
    assertThat(registry.keyValue().list(RuleStore.FOLDER).join()).hasSize(1);
    assertThat(store.history().text(key("s0"))).contains("by bob");
    assertThat(store.history().number()).isEqualTo(2);
  }
}
