package io.hostmesh.registry.embedded;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A session (Consul, "Sessions" HTTP API).
 *
 * @param deletes whether its keys are deleted at its end, instead of released
 * @param ttl how long it lives unless it is renewed
 * @param checks checks of its node that end it when they turn critical
 */
record StoredSession(
    String id,
    String name,
    String node,
    Duration lockDelay,
    boolean deletes,
    Optional<Duration> ttl,
    List<String> checks,
    long createIndex) {
  StoredSession {
    checks = List.copyOf(checks);
  }
}
