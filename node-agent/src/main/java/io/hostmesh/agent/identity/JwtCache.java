package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.BiFunction;

/**
 * Tokens that citadel signed, handed out again until half of their life is over. Who asks while one
 * is being signed gets the same. Safe for any thread.
 */
final class JwtCache {
  /** Each has some 500 bytes. */
  private static final int MOST = 1_000;

  private record Key(ServiceName service, NavigableSet<String> audience) {}

  private final BiFunction<ServiceName, NavigableSet<String>, Future<JwtIssued>> issue;
  private final InstantSource clock;
  private final Map<Key, Future<JwtIssued>> tokens =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Future<JwtIssued>> eldest) {
          return size() > MOST;
        }
      };

  JwtCache(
      BiFunction<ServiceName, NavigableSet<String>, Future<JwtIssued>> issue, InstantSource clock) {
    this.issue = issue;
    this.clock = clock;
  }

  synchronized Future<JwtIssued> get(ServiceName service, Iterable<String> audience) {
    NavigableSet<String> names = new TreeSet<>();
    audience.forEach(names::add);
    Key key = new Key(service, names);
    Future<JwtIssued> known = tokens.get(key);
    if (known != null && !known.failed() && (!known.isComplete() || isYoung(known.result()))) {
      return known;
    }
    Future<JwtIssued> fresh = issue.apply(service, names);
    tokens.put(key, fresh);
    return fresh;
  }

  private boolean isYoung(JwtIssued token) {
    Instant now = clock.instant();
    Duration left = Duration.between(now, token.expires());
    return left.compareTo(Duration.between(token.issued(), token.expires()).dividedBy(2)) > 0;
  }

  /** Forgets the tokens of services that have left. */
  synchronized void retain(java.util.Set<ServiceName> present) {
    tokens.keySet().removeIf(key -> !present.contains(key.service()));
  }
}
