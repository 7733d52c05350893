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

  /**
   * @param asked when, by this host's clock, which may be another than citadel's: what counts is
   *     how long ago that is
   */
  private record Kept(Future<JwtIssued> token, Instant asked) {
    boolean isYoung(Instant now) {
      if (!token.isComplete()) {
        return true;
      }
      if (token.failed()) {
        return false;
      }
      JwtIssued issued = token.result();
      Duration age = Duration.between(asked, now);
      Duration half = Duration.between(issued.issued(), issued.expires()).dividedBy(2);
      return !age.isNegative() && age.compareTo(half) < 0;
    }
  }

  private final BiFunction<ServiceName, NavigableSet<String>, Future<JwtIssued>> issue;
  private final InstantSource clock;
  private final Map<Key, Kept> tokens =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
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
    Instant now = clock.instant();
    Kept known = tokens.get(key);
    if (known != null && known.isYoung(now)) {
      return known.token();
    }
    Future<JwtIssued> fresh = issue.apply(service, names);
    tokens.put(key, new Kept(fresh, now));
    return fresh;
  }

  /** Forgets the tokens of services that have left. */
  synchronized void retain(java.util.Set<ServiceName> present) {
    tokens.keySet().removeIf(key -> !present.contains(key.service()));
  }
}
