package io.hostmesh.registry;

import java.time.Duration;

/**
 * How long what this host says of itself holds, and how often it is repeated.
 *
 * @param lifetime of TTL checks and sessions, at least 1 s, whole seconds
 * @param repeatEvery well below it
 */
record Timing(Duration lifetime, Duration repeatEvery) {
  /** Consul's shortest lifetime of a session by default. */
  static final Timing DEFAULT = new Timing(Duration.ofSeconds(10), Duration.ofSeconds(3));

  /** As Consul's API takes it. */
  String lifetimeText() {
    return lifetime.toSeconds() + "s";
  }
}
