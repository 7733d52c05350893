package io.hostmesh.agent.enduser;

import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one JWK Set, kept fresh in the background by a thread of its own. While they cannot
 * be read, the last good ones stay: those of a URL outlive a restart on disk. Any thread.
 */
final class KeySource implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(KeySource.class.getName());

  /** Between two readings that strangers ask for with unknown keys. */
  static final Duration BETWEEN_REQUESTS = Duration.ofSeconds(10);

  private static final Duration LOOK_AT_FILE = Duration.ofSeconds(1);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);

  /** How a JWK Set is read; blocking. */
  interface Reader {
    /** The text, or null where it is as it was the last time. */
    @Nullable String read() throws IOException;
  }

  private final JwtIssuer.Jwks jwks;
  private final Reader reader;
  private final Optional<StateFiles> memory;
  private final Duration between;
  private final Thread thread;
  private volatile @Nullable KeyRing ring;
  private volatile @Nullable String problem;

  /** Whether what was read last is no JWK Set; used by the reading thread only. */
  private boolean unusable;

  // Guarded by this.
  private @Nullable CompletableFuture<Void> asked;
  private long lastAsked;
  private boolean everAsked;
  private boolean closed;

  KeySource(JwtIssuer.Jwks jwks, Reader reader, Optional<StateFiles> memory, Duration between) {
    this.jwks = jwks;
    this.reader = reader;
    this.memory = jwks instanceof JwtIssuer.Jwks.Url ? memory : Optional.empty();
    this.between = between;
    this.asked = new CompletableFuture<>(); // Whoever comes before the first reading waits for it.
    this.thread = Thread.ofVirtual().name("jwks").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** The keys; null while there have never been any. */
  @Nullable KeyRing ring() {
    return ring;
  }

  /** What is wrong now. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /**
   * Reads again, since somebody has a key that is not here; not more often than every {@link
   * #BETWEEN_REQUESTS}, so that nobody makes us a burden to the issuer.
   *
   * @return done when read, well or not; empty where it was done lately
   */
  synchronized Optional<CompletableFuture<Void>> again() {
    if (asked != null) {
      return Optional.of(asked);
    }
    long now = System.nanoTime();
    if (closed || (everAsked && now - lastAsked < between.toNanos())) {
      return Optional.empty();
    }
    everAsked = true;
    lastAsked = now;
    CompletableFuture<Void> done = new CompletableFuture<>();
    asked = done;
    notifyAll();
    return Optional.of(done);
  }

  private void run() {
    remember();
    try {
      while (true) {
        boolean well = read();
        synchronized (this) {
          CompletableFuture<Void> done = asked;
          asked = null;
          if (done != null) {
            done.complete(null);
          }
          long until = System.nanoTime() + pause(well).toNanos();
          long left = until - System.nanoTime();
          while (!closed && asked == null && left > 0) {
            wait(Math.max(1, left / 1_000_000));
            left = until - System.nanoTime();
          }
          if (closed) {
            return;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration pause(boolean well) {
    return switch (jwks) {
      case JwtIssuer.Jwks.File _ -> LOOK_AT_FILE;
      case JwtIssuer.Jwks.Url url ->
          well || url.refresh().compareTo(AFTER_FAILURE) < 0 ? url.refresh() : AFTER_FAILURE;
    };
  }

  private boolean read() {
    try {
      String text = reader.read();
      if (text != null) {
        unusable = true;
        ring = KeyRing.parse(text);
        unusable = false;
        keep(text);
      }
      if (unusable) {
        return false; // It has not changed since.
      }
      if (problem != null) {
        LOG.log(System.Logger.Level.INFO, "{0} can be read again", jwks(jwks));
        problem = null;
      }
      return true;
    } catch (IOException | ParseException | RuntimeException e) {
      String known = problem;
      problem =
          jwks(jwks)
              + " cannot be used: "
              + (e instanceof ParseException ? "it is no JWK Set with keys for signatures: " : "")
              + e.getMessage()
              + (ring == null
                  ? "; tokens that need it are refused until it can"
                  : "; the last good keys stay in use");
      if (known == null) {
        LOG.log(System.Logger.Level.WARNING, problem);
      }
      return false;
    }
  }

  static String jwks(JwtIssuer.Jwks jwks) {
    return switch (jwks) {
      case JwtIssuer.Jwks.File(String path) -> "the JWK Set " + path;
      case JwtIssuer.Jwks.Url url -> "the JWK Set " + url.url();
    };
  }

  private String file() {
    try {
      byte[] name = jwks(jwks).getBytes(StandardCharsets.UTF_8);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(name);
      return "jwks-" + HexFormat.of().formatHex(hash, 0, 16) + ".json";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private void remember() {
    if (memory.isEmpty()) {
      return;
    }
    try {
      Optional<byte[]> kept = memory.get().read(file());
      if (kept.isPresent()) {
        ring = KeyRing.parse(new String(kept.get(), StandardCharsets.UTF_8));
      }
    } catch (IOException | ParseException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: what was kept of it cannot be read ({1}); it is fetched anew",
          jwks(jwks),
          e.getMessage());
    }
  }

  private void keep(String text) {
    if (memory.isPresent()) {
      try {
        memory.get().write(file(), text.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0} could not be kept for a restart: {1}",
            jwks(jwks),
            e.getMessage());
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    CompletableFuture<Void> done = asked;
    asked = null;
    if (done != null) {
      done.complete(null);
    }
    notifyAll();
  }
}
