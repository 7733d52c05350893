package io.hostmesh.cli;

import java.time.Duration;

/** How long the command waits for daemons. */
final class Limits {
  /** For what a daemon knows. */
  static final Duration QUESTION = Duration.ofSeconds(10);

  /** For what a daemon writes to the registry. */
  static final Duration CHANGE = Duration.ofSeconds(20);

  private Limits() {}
}
