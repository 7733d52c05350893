package io.hostmesh.runtime.tls;

import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Says on the log whom a door has not let in, and why: one line each, and no more of them than a
 * reader can take, since whoever reaches the door can cause them. Safe for any thread.
 */
public final class RefusedHandshakes {
  private static final System.Logger LOG = System.getLogger(RefusedHandshakes.class.getName());
  private static final int BURST = 20;
  private static final long REFILL = Duration.ofSeconds(1).toNanos();

  private final String door;
  private final LongSupplier nanoTime;

  // Guarded by this.
  private double lines = BURST;
  private long filled;

  private final AtomicLong left = new AtomicLong();

  /**
   * @param door which one, for the log: "the door at 127.0.0.1:15010"
   */
  public RefusedHandshakes(String door) {
    this(door, System::nanoTime);
  }

  RefusedHandshakes(String door, LongSupplier nanoTime) {
    this.door = door;
    this.nanoTime = nanoTime;
    this.filled = nanoTime.getAsLong();
  }

  /** A connection came to nothing, for whatever reason. */
  public void failed(Throwable failure) {
    Optional<String> why = certificate(failure);
    if (why.isEmpty()) {
      LOG.log(System.Logger.Level.DEBUG, "a connection came to nothing: " + failure, failure);
    } else if (mayBeSaid()) {
      long others = left.getAndSet(0);
      LOG.log(
          System.Logger.Level.WARNING,
          "refused at "
              + door
              + ": "
              + why.get()
              + (others == 0 ? "" : " (and " + others + " others before)"));
    } else {
      left.incrementAndGet();
    }
  }

  /** What was wrong with the peer's certificate; empty where that was not the reason. */
  static Optional<String> certificate(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof CertificateException) {
        return Optional.of(String.valueOf(each.getMessage()));
      }
    }
    return Optional.empty();
  }

  private synchronized boolean mayBeSaid() {
    long now = nanoTime.getAsLong();
    lines = Math.min(BURST, lines + (double) (now - filled) / REFILL);
    filled = now;
    if (lines < 1) {
      return false;
    }
    lines -= 1;
    return true;
  }
}
