package io.hostmesh.citadel.federation;

import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * This trust domain's own document. Its number grows with every change, also over restarts: it is
 * the time of the change, in seconds, and never below the last one. Safe for any thread; blocks
 * where it changes.
 */
public final class OwnBundle {
  private static final String FILE = "federation-sequence";

  private final Supplier<DomainBundle> bundle;
  private final Duration refresh;
  private final StateFiles state;
  private final InstantSource clock;
  private @Nullable DomainBundle last;
  private long sequence;

  /**
   * @param bundle what holds now; its own number is not looked at
   */
  public OwnBundle(
      Supplier<DomainBundle> bundle, Duration refresh, StateFiles state, InstantSource clock)
      throws IOException {
    this.bundle = bundle;
    this.refresh = refresh;
    this.state = state;
    this.clock = clock;
    this.sequence =
        state
            .read(FILE)
            .map(bytes -> Long.parseLong(new String(bytes, StandardCharsets.US_ASCII).strip()))
            .orElse(0L);
  }

  /** The document that holds now. */
  public synchronized String document() {
    DomainBundle now = bundle.get();
    if (!Objects.equals(now, last)) {
      sequence = Math.max(sequence + 1, clock.instant().getEpochSecond());
      try {
        state.write(FILE, (sequence + "\n").getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      last = now;
    }
    return new BundleDocument(
            new DomainBundle(now.trustDomain(), now.roots(), now.jwtAuthorities(), sequence),
            refresh)
        .text();
  }
}
