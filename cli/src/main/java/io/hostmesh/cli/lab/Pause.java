package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waiting for something to become true. */
final class Pause {
  private Pause() {}

  static void of(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("interrupted", e);
    }
  }

  /** Asks every few milliseconds; whether it became true within the limit. */
  static boolean until(Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      of(Duration.ofMillis(20));
    }
    return true;
  }
}
