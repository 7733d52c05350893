package io.hostmesh.registry;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import org.kiwiproject.consul.model.ConsulResponse;
import org.kiwiproject.consul.option.ImmutableQueryOptions;
import org.kiwiproject.consul.option.QueryOptions;

/**
 * Follows one endpoint by blocking queries, by the rules of Consul's documentation ("Blocking
 * Queries"): the index starts again from nothing when it goes backwards and after every failure,
 * since the registry may have lost its state meanwhile; it is never sent as 0; answers are paced.
 * Runs on a virtual thread of its own until it is closed. The listener hears every answer, also one
 * that says the same as the last.
 */
final class BlockingQuery<T> implements Watch {
  /** How the endpoint is asked; may answer no body, for "nothing there". */
  interface Source<T> {
    ConsulResponse<T> read(QueryOptions options) throws IOException;
  }

  /** No more than about 40 answers a second, however busy the registry is. */
  private static final Duration PACE = Duration.ofMillis(25);

  private static final int START = 0;

  private final Connections connections;
  private final Source<T> source;
  private final WatchListener<T> listener;
  private final Thread thread;
  private volatile boolean closed;

  BlockingQuery(Connections connections, String name, Source<T> source, WatchListener<T> listener) {
    this.connections = connections;
    this.source = source;
    this.listener = listener;
    this.thread = connections.watch(name, this::run, () -> closed = true);
  }

  private void run() {
    long index = START;
    int failures = 0;
    while (!closed) {
      long started = System.nanoTime();
      try {
        ConsulResponse<T> answer = ask(index);
        index = next(index, answer.getIndex().longValue());
        if (closed) {
          return;
        }
        if (failures > 0) {
          Connections.tell(listener::recovered);
        }
        failures = 0;
        Connections.tell(() -> listener.changed(answer.getResponse()));
        pause(PACE.minusNanos(System.nanoTime() - started));
      } catch (RegistryException e) {
        if (closed) {
          return;
        }
        index = START;
        int inARow = ++failures;
        Connections.tell(() -> listener.failing(e, inARow));
        pause(Connections.BACKOFF.delay(failures, connections.random()));
      }
    }
  }

  private ConsulResponse<T> ask(long index) {
    ImmutableQueryOptions.Builder options = ImmutableQueryOptions.builder();
    if (index != START) {
      options.index(BigInteger.valueOf(index)).wait(Connections.WAIT.toSeconds() + "s");
    }
    return connections.translate(() -> source.read(options.build()));
  }

  /** What to ask with next, after an answer. */
  static long next(long asked, long answered) {
    return answered < asked ? START : Math.max(answered, 1);
  }

  private void pause(Duration duration) {
    if (duration.isPositive()) {
      try {
        Thread.sleep(duration);
      } catch (InterruptedException e) {
        // Only close() interrupts.
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends the query and, unless called from its own listener, waits until the listener is done. */
  @Override
  public void close() {
    closed = true;
    Connections.end(thread);
  }
}
