package io.hostmesh.registry.embedded;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What ends by time: sessions, reports of checks, locks that rest. Kept apart from the state, since
 * renewing changes no index; after a restart, all begin anew. Its owner's thread only.
 */
final class Deadlines {
  /** A check of a node. */
  record CheckKey(String node, String check) {}

  private final Map<String, Instant> sessions = new HashMap<>();
  private final Map<CheckKey, Instant> checks = new HashMap<>();
  private final Map<CheckKey, Instant> criticalSince = new HashMap<>();
  private final Map<String, Instant> locks = new HashMap<>();

  /** Renews a session, or begins its time. */
  void session(StoredSession session, Instant now) {
    session.ttl().ifPresent(ttl -> sessions.put(session.id(), now.plus(ttl)));
  }

  /** A check was reported. */
  void check(CheckKey key, Duration ttl, Instant now) {
    checks.put(key, now.plus(ttl));
  }

  /** A key's lock cannot be acquired for a while, after its session was ended by force. */
  void rest(String key, Duration delay, Instant now) {
    if (delay.isPositive()) {
      locks.put(key, now.plus(delay));
    }
  }

  boolean rests(String key, Instant now) {
    Instant until = locks.get(key);
    return until != null && until.isAfter(now);
  }

  /** The state after all that is due has ended. */
  Store expire(Store store, Instant now) {
    locks.values().removeIf(until -> !until.isAfter(now));
    return removeCritical(expireChecks(endSessions(store, now), now), now);
  }

  private Store endSessions(Store store, Instant now) {
    Store current = store;
    sessions.keySet().retainAll(store.sessions().keySet());
    for (StoredSession session : store.sessions().values()) {
      session.ttl().ifPresent(ttl -> sessions.putIfAbsent(session.id(), now.plus(ttl)));
      Instant end = sessions.get(session.id());
      if (end != null && !end.isAfter(now)) {
        current = end(current, session.id(), now);
      }
    }
    return current;
  }

  /** Ends a session by force: its locks rest. */
  Store end(Store store, String id, Instant now) {
    @Nullable StoredSession session = store.sessions().get(id);
    if (session != null) {
      store.lockedBy(id).forEach(key -> rest(key, session.lockDelay(), now));
    }
    return store.end(id);
  }

  private Store expireChecks(Store store, Instant now) {
    Store current = store;
    Map<CheckKey, StoredCheck> all = allChecks(store);
    checks.keySet().retainAll(all.keySet());
    for (Map.Entry<CheckKey, StoredCheck> entry : all.entrySet()) {
      CheckKey key = entry.getKey();
      StoredCheck check = entry.getValue();
      check.ttl().ifPresent(ttl -> checks.putIfAbsent(key, now.plus(ttl)));
      Instant end = checks.get(key);
      if (end != null && !end.isAfter(now) && !check.isCritical()) {
        current =
            current.report(
                key.node(),
                key.check(),
                StoredCheck.CRITICAL,
                "TTL expired (last output before timeout follows): " + check.output());
      }
    }
    return current;
  }

  private Store removeCritical(Store store, Instant now) {
    Store current = store;
    Map<CheckKey, StoredCheck> all = allChecks(store);
    criticalSince.keySet().removeIf(key -> !isCritical(all.get(key)));
    for (Map.Entry<CheckKey, StoredCheck> entry : all.entrySet()) {
      StoredCheck check = entry.getValue();
      if (check.isCritical() && check.removeServiceAfter().isPresent()) {
        Instant since = criticalSince.computeIfAbsent(entry.getKey(), _ -> now);
        if (!since.plus(check.removeServiceAfter().get()).isAfter(now)) {
          current = current.removeService(entry.getKey().node(), check.serviceId());
        }
      }
    }
    return current;
  }

  private static boolean isCritical(@Nullable StoredCheck check) {
    return check != null && check.isCritical();
  }

  private static Map<CheckKey, StoredCheck> allChecks(Store store) {
    Map<CheckKey, StoredCheck> all = new HashMap<>();
    store
        .nodes()
        .values()
        .forEach(
            node ->
                node.checks()
                    .values()
                    .forEach(check -> all.put(new CheckKey(node.name(), check.id()), check)));
    return all;
  }
}
