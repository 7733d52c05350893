package io.hostmesh.registry.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

final class StorePropertiesTest {
  private static final String NODE = "n";

  /** One request to the store. */
  sealed interface Step {
    record Put(String key, String value) implements Step {}

    record PutIf(String key, String value, long index) implements Step {}

    record Delete(String key) implements Step {}

    record DeleteUnder(String prefix) implements Step {}

    record Begin(String session, boolean deletes) implements Step {}

    record End(String session) implements Step {}

    record Acquire(String key, String session) implements Step {}

    record Register(String node, String service, String status) implements Step {}

    record RemoveNode(String node) implements Step {}
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<String> keys = Arbitraries.of("a", "a/b", "a/c", "b");
    Arbitrary<String> values = Arbitraries.of("MQ==", "Mg==", "");
    Arbitrary<String> sessions = Arbitraries.of("s1", "s2");
    Arbitrary<String> nodes = Arbitraries.of(NODE, "m");
    return Arbitraries.<Step>oneOf(
            Combinators.combine(keys, values).as(Step.Put::new),
            Combinators.combine(keys, values, Arbitraries.longs().between(0, 20))
                .as(Step.PutIf::new),
            keys.map(Step.Delete::new),
            Arbitraries.of("a/", "", "z").map(Step.DeleteUnder::new),
            Combinators.combine(sessions, Arbitraries.of(true, false)).as(Step.Begin::new),
            sessions.map(Step.End::new),
            Combinators.combine(keys, sessions).as(Step.Acquire::new),
            Combinators.combine(
                    nodes, Arbitraries.of("web", "api"), Arbitraries.of("passing", "critical"))
                .as(Step.Register::new),
            nodes.map(Step.RemoveNode::new))
        .list()
        .ofMaxSize(30);
  }

  private static Store apply(Store store, Step step) {
    try {
      return switch (step) {
        case Step.Put(var key, var value) ->
            store.put(key, value, 0, new Store.Condition.None()).store();
        case Step.PutIf(var key, var value, var index) ->
            store.put(key, value, 0, new Store.Condition.Unchanged(index)).store();
        case Step.Delete(var key) -> store.delete(key, Optional.empty()).store();
        case Step.DeleteUnder(var prefix) -> store.deleteUnder(prefix);
        case Step.Begin(var id, var deletes) ->
            store.begin(
                new StoredSession(
                    id,
                    id,
                    NODE,
                    Duration.ZERO,
                    deletes,
                    Optional.empty(),
                    List.of(),
                    store.index() + 1));
        case Step.End(var id) -> store.end(id);
        case Step.Acquire(var key, var session) ->
            store.put(key, "bG9jaw==", 0, new Store.Condition.Acquire(session)).store();
        case Step.Register(var node, var service, var status) ->
            register(store, node, service, status);
        case Step.RemoveNode(var node) -> store.removeNode(node);
      };
    } catch (Refusal e) {
      return store; // Refused: nothing has changed.
    }
  }

  private static Store register(Store store, String node, String service, String status) {
    StoredService stored =
        new StoredService(service, service, "", List.of(), "", 80, Map.of(), 0, 0);
    StoredCheck check =
        new StoredCheck(
                "c-" + service,
                "c",
                status,
                "",
                "",
                "",
                "",
                Optional.empty(),
                Optional.empty(),
                0,
                0)
            .of(stored);
    StoredNode old =
        store
            .node(node)
            .orElse(
                new StoredNode(node, "10.0.0.1", Map.of(), new TreeMap<>(), new TreeMap<>(), 0, 0));
    TreeMap<String, StoredService> services = new TreeMap<>(old.services());
    services.put(service, stored);
    TreeMap<String, StoredCheck> checks = new TreeMap<>(old.checks());
    checks.put(check.id(), check);
    return store.write(old.with(services, checks));
  }

  @Property(tries = 300)
  void theIndexGrowsByOneWithEachChangeAndOnlyThen(@ForAll("steps") List<Step> steps) {
    Store store = Store.EMPTY;
    for (Step step : steps) {
      Store next = apply(store, step);
      if (next.equals(store)) {
        assertThat(next.index()).isEqualTo(store.index());
      } else {
        assertThat(next.index()).as("%s", step).isEqualTo(store.index() + 1);
      }
      store = next;
    }
  }

  /** What a blocking query waits on: whatever changes the answer raises the index, none falls. */
  @Property(tries = 300)
  void noAnswerChangesWithoutItsIndex(@ForAll("steps") List<Step> steps) {
    Store store = Store.EMPTY;
    for (Step step : steps) {
      Store next = apply(store, step);
      for (String prefix : List.of("", "a", "a/", "b", "zz")) {
        long before = store.keys().indexUnder(prefix);
        long after = next.keys().indexUnder(prefix);
        assertThat(after).as("%s under \"%s\"", step, prefix).isGreaterThanOrEqualTo(before);
        if (!next.keys().under(prefix).equals(store.keys().under(prefix))) {
          assertThat(after).as("%s under \"%s\"", step, prefix).isGreaterThan(before);
        }
      }
      List<Store.Topic> catalog =
          List.of(Store.Topic.NODES, Store.Topic.SERVICES, Store.Topic.CHECKS);
      assertThat(next.indexOf(catalog)).isGreaterThanOrEqualTo(store.indexOf(catalog));
      if (!next.nodes().equals(store.nodes())) {
        assertThat(next.indexOf(catalog)).as("%s", step).isGreaterThan(store.indexOf(catalog));
      }
      if (!Views.services(next).equals(Views.services(store))) {
        assertThat(next.topics().services()).isGreaterThan(store.topics().services());
      }
      store = next;
    }
  }

  /** Compare-and-set against a model that is a map from key to the index of its last change. */
  @Property(tries = 300)
  void aConditionalWriteTakesPlaceJustWhereTheKeyIsAsItWasRead(
      @ForAll("steps") List<Step> steps, @ForAll("steps") List<Step> more) {
    Store store = Store.EMPTY;
    for (Step step : steps) {
      store = apply(store, step);
    }
    Map<String, Long> read = new HashMap<>();
    store.keys().byName().forEach((key, value) -> read.put(key, value.modifyIndex()));
    Store later = store;
    for (Step step : more) {
      later = apply(later, step);
    }
    for (String key : List.of("a", "a/b", "b")) {
      long seen = read.getOrDefault(key, 0L);
      long now = later.keys().get(key).map(StoredKey::modifyIndex).orElse(0L);
      Store.Outcome outcome = later.put(key, "bmV3", 0, new Store.Condition.Unchanged(seen));
      assertThat(outcome.done()).isEqualTo(seen == now);
      Store.Outcome removal = later.delete(key, Optional.of(seen));
      assertThat(removal.done()).isEqualTo(seen == now);
      if (!outcome.done()) {
        assertThat(outcome.store()).isEqualTo(later);
      }
    }
  }

  @Property(tries = 300)
  void aLockIsHeldByASessionThatLives(@ForAll("steps") List<Step> steps) {
    Store store = Store.EMPTY;
    for (Step step : steps) {
      store = apply(store, step);
      for (String broken : store.brokenSessions()) {
        store = store.end(broken);
      }
      Store current = store;
      assertThat(current.keys().byName().values())
          .allSatisfy(
              key -> key.session().ifPresent(id -> assertThat(current.sessions()).containsKey(id)));
    }
  }

  @Property(tries = 300)
  void whatIsOnDiskReadsBack(@ForAll("steps") List<Step> steps) {
    Store store = Store.EMPTY;
    for (Step step : steps) {
      store = apply(store, step);
    }
    assertThat(StoredForm.read(StoredForm.write(store))).isEqualTo(store);
  }
}
