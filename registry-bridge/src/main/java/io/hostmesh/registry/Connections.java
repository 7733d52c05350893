package io.hostmesh.registry;

import io.hostmesh.runtime.backoff.Backoff;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import org.kiwiproject.consul.Consul;
import org.kiwiproject.consul.ConsulException;

/**
 * The connections to one registry, and the virtual threads that wait on them. At most {@value
 * #MAX_CALLS} calls and {@value #MAX_WATCHES} watches run at a time, each on a connection of its
 * own; further calls wait their turn. Safe for any thread; only {@link #perform} blocks.
 */
final class Connections implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Connections.class.getName());

  static final int MAX_CALLS = 8;
  static final int MAX_WATCHES = 24;

  /** How long a blocking query waits; Consul adds up to a sixteenth of it as jitter. */
  static final Duration WAIT = Duration.ofSeconds(50);

  static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

  static final int NOT_FOUND = 404;

  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration WATCH_TIMEOUT = WAIT.plus(WAIT.dividedBy(16)).plusSeconds(10);

  private final RegistrySettings settings;
  private final RandomGenerator random;
  private final Timing timing;
  private final ConnectionPool pool =
      new ConnectionPool(MAX_CALLS + MAX_WATCHES, 5, TimeUnit.MINUTES);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("registry-", 0).factory());
  private final Semaphore calling = new Semaphore(MAX_CALLS, true);
  private final Semaphore watching = new Semaphore(MAX_WATCHES);
  private final Map<Thread, Runnable> running = new ConcurrentHashMap<>();
  private final Consul calls;
  private final Consul watches;
  private final RawConsul raw;

  Connections(RegistrySettings settings, RandomGenerator random, Timing timing) {
    this.timing = timing;
    this.settings = settings;
    this.random = random;
    RegistryTls tls = RegistryTls.of(settings);
    this.calls = client(tls, CALL_TIMEOUT);
    this.watches = client(tls, WATCH_TIMEOUT);
    this.raw = new RawConsul(settings, httpClient(tls), WATCH_TIMEOUT);
  }

  private Consul client(RegistryTls tls, Duration readTimeout) {
    Consul.Builder builder =
        Consul.builder()
            .withUrl(settings.url())
            .withPing(false)
            .withConnectionPool(pool)
            .withExecutorService(threads)
            .withConnectTimeoutMillis(CONNECT_TIMEOUT.toMillis())
            .withReadTimeoutMillis(readTimeout.toMillis())
            .withWriteTimeoutMillis(CALL_TIMEOUT.toMillis());
    settings.token().ifPresent(builder::withTokenAuth);
    tls.applyTo(builder);
    return builder.build();
  }

  private OkHttpClient httpClient(RegistryTls tls) {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .connectionPool(pool)
            .connectTimeout(CONNECT_TIMEOUT)
            .readTimeout(CALL_TIMEOUT)
            .writeTimeout(CALL_TIMEOUT);
    tls.applyTo(builder);
    return builder.build();
  }

  RegistrySettings settings() {
    return settings;
  }

  Timing timing() {
    return timing;
  }

  RandomGenerator random() {
    return random;
  }

  /** The client for requests that are answered at once. */
  Consul calls() {
    return calls;
  }

  /** The client for blocking queries. */
  Consul watches() {
    return watches;
  }

  /** What the client library has no words for. */
  RawConsul raw() {
    return raw;
  }

  /** Runs a request on a virtual thread, when its turn comes. */
  <T> CompletableFuture<T> call(ConsulCall<T> call) {
    return CompletableFuture.supplyAsync(() -> perform(call), threads);
  }

  /**
   * Runs a request on the caller's thread, which waits its turn.
   *
   * @throws RegistryException where it fails, whatever the reason
   */
  <T> T perform(ConsulCall<T> call) {
    calling.acquireUninterruptibly();
    try {
      return translate(call);
    } finally {
      calling.release();
    }
  }

  /**
   * Runs a loop on a virtual thread until it returns.
   *
   * @param stop makes the loop return, by a flag; its thread is interrupted after that
   * @throws IllegalStateException where the bound is reached
   */
  Thread watch(String name, Runnable loop, Runnable stop) {
    if (!watching.tryAcquire()) {
      throw new IllegalStateException(
          "more than " + MAX_WATCHES + " watches on " + settings + "; close some");
    }
    Thread thread =
        Thread.ofVirtual()
            .name("registry-" + name)
            .unstarted(
                () -> {
                  try {
                    loop.run();
                  } finally {
                    running.remove(Thread.currentThread());
                    watching.release();
                  }
                });
    running.put(thread, stop);
    thread.start();
    return thread;
  }

  /** Calls a listener, whose own failure must not end what it listens to. */
  static void tell(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a listener of the registry failed", e);
    }
  }

  /** Interrupts a thread and, unless it is the caller's own, waits for its end. */
  static void end(Thread thread) {
    thread.interrupt();
    boolean interrupted = false;
    while (thread != Thread.currentThread() && thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs a request and gives its failure our words. */
  <T> T translate(ConsulCall<T> call) {
    try {
      return call.run();
    } catch (ConsulException e) {
      throw e.hasCode() ? answered(e.getCode(), e) : unreachable(e);
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(e);
    } catch (IllegalStateException | IllegalArgumentException | NullPointerException e) {
      // An answer that the library cannot read: it is not Consul that answers there.
      throw new RegistryException(
          RegistryException.Kind.FAILED,
          0,
          "registry " + settings + ": an answer that cannot be read (" + e.getMessage() + ")",
          e);
    }
  }

  /** Renews a session; false where it has ended. To be run by {@link #perform} or {@link #call}. */
  boolean renew(String session) {
    try {
      return translate(() -> calls.sessionClient().renewSession(session)).isPresent();
    } catch (RegistryException e) {
      if (e.status() == NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  RegistryException answered(int status, Exception cause) {
    return status >= 500
        ? new RegistryException(
            RegistryException.Kind.FAILED,
            status,
            "registry " + settings + ": answered " + status + "; it may have no leader just now",
            cause)
        : new RegistryException(
            RegistryException.Kind.REFUSED,
            status,
            "registry "
                + settings
                + ": refused with "
                + status
                + (status == 401 || status == 403
                    ? "; check registry.token and its policies"
                    : "; is it a Consul, and of this version?"),
            cause);
  }

  private RegistryException unreachable(Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new RegistryException(
        RegistryException.Kind.UNREACHABLE,
        0,
        "registry "
            + settings
            + ": no answer ("
            + root.getMessage()
            + "); check registry.address, and that Consul or hostmesh-registry runs there",
        cause);
  }

  /** Ends all loops, then the connections. */
  @Override
  public void close() {
    running.forEach(
        (thread, stop) -> {
          stop.run();
          end(thread);
        });
    calls.destroy();
    watches.destroy();
    threads.shutdownNow();
    pool.evictAll();
  }
}
