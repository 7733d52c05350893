package io.hostmesh.model.rules;

import java.time.Duration;

/**
 * When copies of an idempotent request go to other instances beside a try that is slow; the first
 * good answer is the caller's.
 *
 * @param when how slow a try has to be
 * @param most copies at a time; 1 to 3
 */
public record HedgePolicy(Slowness when, int most) {
  public static final int MOST = 3;

  /** How slow a try has to be. */
  public sealed interface Slowness {
    /** Without an answer for so long. */
    record After(Duration time) implements Slowness {}

    /**
     * Slower than this share of the answers that this host's callers got of the service lately.
     *
     * @param percent 50 to 99
     */
    record Percentile(int percent) implements Slowness {}
  }
}
