package io.hostmesh.registry.embedded;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * All that the registry knows, at one index. Immutable; every change makes a new one, whose index
 * is one higher, and a change that changes nothing makes none. Knows no time: what ends by time is
 * in {@link Deadlines}.
 *
 * @param index of the last change; 1 at the beginning
 * @param configs config entries as JSON, by {@code kind/name}
 * @param topics when each part changed last
 */
record Store(
    long index,
    Keys keys,
    Keys configs,
    SortedMap<String, StoredNode> nodes,
    SortedMap<String, StoredSession> sessions,
    Topics topics) {

  /** A part of the state that queries wait on. */
  enum Topic {
    NODES,
    SERVICES,
    CHECKS,
    SESSIONS
  }

  /** The index of the last change of each part. */
  record Topics(long nodes, long services, long checks, long sessions) {
    long of(Topic topic) {
      return switch (topic) {
        case NODES -> nodes;
        case SERVICES -> services;
        case CHECKS -> checks;
        case SESSIONS -> sessions;
      };
    }
  }

  static final Store EMPTY =
      new Store(1, Keys.NONE, Keys.NONE, new TreeMap<>(), new TreeMap<>(), new Topics(1, 1, 1, 1));

  Store {
    nodes = Collections.unmodifiableSortedMap(nodes);
    sessions = Collections.unmodifiableSortedMap(sessions);
  }

  /** When any of these parts changed last. */
  long indexOf(List<Topic> of) {
    return of.stream().mapToLong(topics::of).max().orElse(index);
  }

  Optional<StoredNode> node(String name) {
    return Optional.ofNullable(nodes.get(name));
  }

  Optional<StoredSession> session(String id) {
    return Optional.ofNullable(sessions.get(id));
  }

  // ---- keys

  /** What a write of a key asks for beside its value. */
  sealed interface Condition {
    /** Nothing. */
    record None() implements Condition {}

    /** That the key was last written at this index; 0: that it is not there. */
    record Unchanged(long modifyIndex) implements Condition {}

    /** The key's lock, for a session. */
    record Acquire(String session) implements Condition {}

    /** The end of a session's lock. */
    record Release(String session) implements Condition {}
  }

  /** The state after a request, and what the request is answered. */
  record Outcome(Store store, boolean done) {}

  Outcome put(String name, String value, long flags, Condition condition) {
    @Nullable StoredKey old = keys.get(name).orElse(null);
    Optional<String> holder = old == null ? Optional.empty() : old.session();
    long locks = old == null ? 0 : old.lockIndex();
    switch (condition) {
      case Condition.None() -> {}
      case Condition.Unchanged(long expected) -> {
        if (expected != (old == null ? 0 : old.modifyIndex())) {
          return new Outcome(this, false);
        }
      }
      case Condition.Acquire(String session) -> {
        if (!sessions.containsKey(session)) {
          throw Refusal.state("invalid session \"" + session + "\"");
        }
        if (holder.isPresent() && !holder.get().equals(session)) {
          return new Outcome(this, false);
        }
        locks += holder.isPresent() ? 0 : 1;
        holder = Optional.of(session);
      }
      case Condition.Release(String session) -> {
        if (!holder.equals(Optional.of(session))) {
          return new Outcome(this, false);
        }
        holder = Optional.empty();
      }
    }
    long next = index + 1;
    long created = old == null ? next : old.createIndex();
    StoredKey written = new StoredKey(name, value, flags, holder, locks, created, next);
    if (old != null && old.sameContent(written)) {
      return new Outcome(this, true);
    }
    return new Outcome(new Store(next, keys.with(written), configs, nodes, sessions, topics), true);
  }

  /** Deletes a key, where it is as the caller read it if that matters. */
  Outcome delete(String name, Optional<Long> unchanged) {
    Optional<StoredKey> old = keys.get(name);
    if (unchanged.isPresent()
        && unchanged.get() != old.map(StoredKey::modifyIndex).orElse(0L).longValue()) {
      return new Outcome(this, false);
    }
    return new Outcome(old.isEmpty() ? this : without(List.of(name)), true);
  }

  Store deleteUnder(String prefix) {
    List<String> names = List.copyOf(keys.under(prefix).keySet());
    return names.isEmpty() ? this : without(names);
  }

  private Store without(List<String> names) {
    return new Store(index + 1, keys.without(names, index + 1), configs, nodes, sessions, topics);
  }

  // ---- config entries

  /** Writes a config entry; one that says the same is not written again, as in Consul. */
  Store configure(String path, String json) {
    long next = index + 1;
    Optional<StoredKey> old = configs.get(path);
    if (old.filter(entry -> entry.value().equals(json)).isPresent()) {
      return this;
    }
    StoredKey written =
        new StoredKey(
            path, json, 0, Optional.empty(), 0, old.map(StoredKey::createIndex).orElse(next), next);
    return new Store(next, keys, configs.with(written), nodes, sessions, topics);
  }

  Store forget(String path) {
    return configs.get(path).isEmpty()
        ? this
        : new Store(
            index + 1, keys, configs.without(List.of(path), index + 1), nodes, sessions, topics);
  }

  // ---- sessions

  Store begin(StoredSession session) {
    long next = index + 1;
    StoredNode node = nodes.get(session.node());
    if (node == null) {
      throw Refusal.state("Missing node registration");
    }
    for (String check : session.checks()) {
      StoredCheck known = node.checks().get(check);
      if (known == null || known.isCritical()) {
        throw Refusal.state(
            "Check '" + check + "' is " + (known == null ? "not registered" : "in critical state"));
      }
    }
    SortedMap<String, StoredSession> copy = new TreeMap<>(sessions);
    copy.put(session.id(), session);
    return new Store(next, keys, configs, nodes, copy, topicsAt(next, Topic.SESSIONS));
  }

  /** Ends a session: its keys are released or deleted, as it wished. */
  Store end(String id) {
    StoredSession session = sessions.get(id);
    if (session == null) {
      return this;
    }
    long next = index + 1;
    SortedMap<String, StoredSession> copy = new TreeMap<>(sessions);
    copy.remove(id);
    return new Store(
        next, keysAfter(session, next), configs, nodes, copy, topicsAt(next, Topic.SESSIONS));
  }

  /** The keys whose lock a session holds. */
  List<String> lockedBy(String session) {
    return keys.byName().values().stream()
        .filter(key -> key.session().filter(session::equals).isPresent())
        .map(StoredKey::key)
        .toList();
  }

  private Keys keysAfter(StoredSession session, long next) {
    return session.deletes()
        ? keys.without(lockedBy(session.id()), next)
        : keys.released(
            session.id(),
            key ->
                new StoredKey(
                    key.key(),
                    key.value(),
                    key.flags(),
                    Optional.empty(),
                    key.lockIndex(),
                    key.createIndex(),
                    next));
  }

  /** The sessions whose node is gone, or one of whose checks is gone or critical. */
  List<String> brokenSessions() {
    return sessions.values().stream().filter(this::isBroken).map(StoredSession::id).toList();
  }

  private boolean isBroken(StoredSession session) {
    StoredNode node = nodes.get(session.node());
    return node == null
        || session.checks().stream()
            .anyMatch(
                id -> {
                  StoredCheck check = node.checks().get(id);
                  return check == null || check.isCritical();
                });
  }

  // ---- the catalog

  /** Writes a node, or what has changed of it; a node's own indexes are set here. */
  Store write(StoredNode wanted) {
    long next = index + 1;
    StoredNode old = nodes.get(wanted.name());
    NodeMerge merge = NodeMerge.of(old, wanted, next);
    if (merge.node().equals(old)) {
      return this;
    }
    SortedMap<String, StoredNode> copy = new TreeMap<>(nodes);
    copy.put(wanted.name(), merge.node());
    return new Store(
        next, keys, configs, copy, sessions, topicsAt(next, merge.changed().toArray(Topic[]::new)));
  }

  /** Changes a node that is there; unchanged where it is not. */
  Store update(String name, UnaryOperator<StoredNode> change) {
    StoredNode old = nodes.get(name);
    return old == null ? this : write(change.apply(old));
  }

  Store removeNode(String name) {
    if (!nodes.containsKey(name)) {
      return this;
    }
    long next = index + 1;
    SortedMap<String, StoredNode> copy = new TreeMap<>(nodes);
    copy.remove(name);
    return new Store(
        next,
        keys,
        configs,
        copy,
        sessions,
        topicsAt(next, Topic.NODES, Topic.SERVICES, Topic.CHECKS));
  }

  /** Removes a service and its checks. */
  Store removeService(String node, String id) {
    return update(
        node,
        n -> {
          SortedMap<String, StoredService> services = new TreeMap<>(n.services());
          services.remove(id);
          return n.with(services, checksWithout(n, check -> check.serviceId().equals(id)));
        });
  }

  Store removeCheck(String node, String id) {
    return update(
        node, n -> n.with(n.services(), checksWithout(n, check -> check.id().equals(id))));
  }

  Store report(String node, String check, String status, String output) {
    return update(
        node,
        n -> {
          SortedMap<String, StoredCheck> checks = new TreeMap<>(n.checks());
          checks.computeIfPresent(check, (_, c) -> c.reported(status, output));
          return n.with(n.services(), checks);
        });
  }

  private static SortedMap<String, StoredCheck> checksWithout(
      StoredNode node, Predicate<StoredCheck> gone) {
    SortedMap<String, StoredCheck> checks = new TreeMap<>(node.checks());
    checks.values().removeIf(gone);
    return checks;
  }

  private Topics topicsAt(long next, Topic... changed) {
    List<Topic> all = List.of(changed);
    return new Topics(
        all.contains(Topic.NODES) ? next : topics.nodes(),
        all.contains(Topic.SERVICES) ? next : topics.services(),
        all.contains(Topic.CHECKS) ? next : topics.checks(),
        all.contains(Topic.SESSIONS) ? next : topics.sessions());
  }
}
