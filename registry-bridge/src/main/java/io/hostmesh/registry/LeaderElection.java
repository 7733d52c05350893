package io.hostmesh.registry;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.kiwiproject.consul.KeyValueClient;
import org.kiwiproject.consul.SessionClient;
import org.kiwiproject.consul.model.kv.Value;
import org.kiwiproject.consul.model.session.ImmutableSession;
import org.kiwiproject.consul.model.session.Session;

/**
 * A candidate for a lock of the registry's: a session with a lifetime that is renewed, and a key
 * {@code hostmesh/leader/<purpose>} that it acquires (Consul, "Application leader election with
 * sessions"). Leads only as long as its renewals are answered: it steps down by itself two seconds
 * before the session could expire. Runs on a virtual thread of its own.
 */
public final class LeaderElection implements AutoCloseable {
  /** Consul takes no shorter lifetime by default. */
  static final Duration LIFETIME = Duration.ofSeconds(10);

  private static final Duration RENEW_EVERY = Duration.ofSeconds(3);
  private static final Duration TRY_EVERY = Duration.ofMillis(500);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(4);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration SURE_FOR = LIFETIME.minusSeconds(2);

  /** What follows the end of a session, so that the old leader has noticed: Consul's lock-delay. */
  private static final Duration LOCK_DELAY = Duration.ofSeconds(1);

  private final Connections connections;
  private final String key;
  private final String candidate;
  private final LeadershipListener listener;
  private final Thread thread;
  private volatile boolean closed;
  private final Tenure tenure = new Tenure(System::nanoTime, SURE_FOR);

  // The thread's own.
  private @Nullable String session;

  LeaderElection(
      Connections connections, String purpose, String candidate, LeadershipListener listener) {
    this.connections = connections;
    this.key = "hostmesh/leader/" + purpose;
    this.candidate = candidate;
    this.listener = listener;
    this.thread = connections.watch("election-" + purpose, this::run, () -> closed = true);
  }

  public boolean leads() {
    return term() > 0;
  }

  /**
   * Above 0 and another one for each election that was won; 0 while this candidate does not lead,
   * or cannot be sure that it does, whether the listener was told yet or not.
   */
  public long term() {
    return tenure.term();
  }

  private void run() {
    int failures = 0;
    while (!closed) {
      try {
        Duration rest = step();
        failures = 0;
        pause(early(rest));
      } catch (RegistryException e) {
        failures++;
        pause(early(Connections.BACKOFF.delay(failures, connections.random())));
      }
      if (!leads()) {
        stepDown();
      }
    }
    Thread.interrupted(); // Closing interrupts; the last requests are made nevertheless.
    resign();
  }

  /** A leader rests half the time that it is sure at most: the next round may be a slow one. */
  private Duration early(Duration pause) {
    Duration half = tenure.rest().dividedBy(2);
    Duration most = half.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : half;
    return bounded(tenure.holds() && most.compareTo(pause) < 0 ? most : pause);
  }

  /** A leader never waits for anything longer than it is sure to lead. */
  private Duration bounded(Duration duration) {
    Duration rest = tenure.rest();
    Duration sure = rest.isPositive() ? rest : Duration.ofNanos(1);
    return tenure.holds() && sure.compareTo(duration) < 0 ? sure : duration;
  }

  /** One round: keeps the session, then keeps or tries for the lock. Says when the next is due. */
  private Duration step() {
    String held = keepSession();
    if (!holds(held)) {
      stepDown();
      if (acquire(held)) {
        tenure.elected();
        Connections.tell(listener::elected);
      }
    }
    return tenure.holds() ? RENEW_EVERY : TRY_EVERY;
  }

  private String keepSession() {
    long asked = tenure.now();
    String held = session;
    if (held != null && timed(() -> connections.renew(held))) {
      tenure.renewed(asked);
      return held;
    }
    stepDown();
    String made = timed(() -> sessions().createSession(description())).getId();
    session = made;
    tenure.renewed(asked);
    return made;
  }

  private Session description() {
    return ImmutableSession.builder()
        .name("hostmesh leader: " + candidate)
        .ttl(LIFETIME.toSeconds() + "s")
        .lockDelay(LOCK_DELAY.toSeconds() + "s")
        .behavior("release")
        .build();
  }

  private boolean holds(String held) {
    Optional<Value> value = timed(() -> keys().getValue(key));
    return tenure.holds() && value.flatMap(Value::getSession).filter(held::equals).isPresent();
  }

  private boolean acquire(String held) {
    return timed(() -> keys().acquireLock(key, candidate, held));
  }

  private void stepDown() {
    if (tenure.holds()) {
      tenure.ended();
      Connections.tell(listener::lost);
    }
  }

  /** Makes way for the next at once; where the registry does not answer, the lifetime does it. */
  private void resign() {
    stepDown();
    String held = session;
    if (held != null) {
      try {
        connections.perform(
            () -> {
              keys().releaseLock(key, held);
              sessions().destroySession(held);
              return true;
            });
      } catch (RegistryException e) {
        System.getLogger(LeaderElection.class.getName())
            .log(System.Logger.Level.DEBUG, "could not end the session of " + key, e);
      }
    }
  }

  /** Waits for a call's answer, and no longer than it may. */
  private <T> T timed(ConsulCall<T> call) {
    CompletableFuture<T> answer = connections.call(call);
    try {
      return answer.get(bounded(CALL_TIMEOUT).toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RegistryException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new RegistryException(
          RegistryException.Kind.UNREACHABLE,
          0,
          "registry " + connections.settings() + ": no answer in time",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(
          RegistryException.Kind.UNREACHABLE, 0, "election " + key + " ends", e);
    }
  }

  private void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      if (!closed) {
        throw new IllegalStateException("only close() interrupts", e);
      }
    }
  }

  private KeyValueClient keys() {
    return connections.calls().keyValueClient();
  }

  private SessionClient sessions() {
    return connections.calls().sessionClient();
  }

  /** Steps down and gives the lock up. Waits until that is done. */
  @Override
  public void close() {
    closed = true;
    Connections.end(thread);
  }
}
