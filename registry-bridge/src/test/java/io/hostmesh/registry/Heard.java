package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A listener that tests wait on. */
final class Heard<T> implements WatchListener<T> {
  private @Nullable T last;
  private int count;
  private int failures;
  private int recoveries;

  @Override
  public synchronized void changed(T state) {
    last = state;
    count++;
    notifyAll();
  }

  @Override
  public synchronized void failing(RegistryException failure, int inARow) {
    failures++;
    notifyAll();
  }

  @Override
  public synchronized void recovered() {
    recoveries++;
    notifyAll();
  }

  synchronized int count() {
    return count;
  }

  synchronized int recoveries() {
    return recoveries;
  }

  /** Waits until what was heard last is as wanted. */
  synchronized T await(Duration within, Predicate<T> wanted) {
    waitFor(within, () -> last != null && wanted.test(last));
    T state = last;
    assertThat(state).as("heard within %s", within).isNotNull().matches(s -> wanted.test(s));
    return java.util.Objects.requireNonNull(state);
  }

  synchronized void awaitFailure(Duration within) {
    waitFor(within, () -> failures > 0);
    assertThat(failures).as("failures heard within %s", within).isPositive();
  }

  private synchronized void waitFor(Duration within, java.util.function.BooleanSupplier done) {
    long end = System.nanoTime() + within.toNanos();
    try {
      while (!done.getAsBoolean()) {
        long millis = (end - System.nanoTime()) / 1_000_000;
        if (millis <= 0) {
          return;
        }
        wait(millis);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
