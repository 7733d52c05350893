package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Optional;

/**
 * How requests are sent, beside where.
 *
 * @param timeout from a request's head to the end of its answer
 * @param retry empty: only what was never sent, or broke off unanswered, is tried elsewhere
 * @param fault what happens to some before they are sent
 */
public record Sending(
    Optional<Duration> timeout,
    Optional<RetryPolicy> retry,
    Optional<HedgePolicy> hedge,
    Optional<FaultPolicy> fault,
    Optional<MirrorPolicy> mirror) {
  /** As it is without a rule. */
  public static final Sending PLAIN =
      new Sending(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Whether the rule says nothing of it. */
  public boolean isPlain() {
    return timeout.isEmpty() && fault.isEmpty() && mirror.isEmpty() && !repeats();
  }

  /** Whether a request may have several tries by the rule. */
  public boolean repeats() {
    return retry.isPresent() || hedge.isPresent();
  }
}
