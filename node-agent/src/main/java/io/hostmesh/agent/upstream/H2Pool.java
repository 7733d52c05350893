package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.h2.H2Link;
import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The HTTP/2 connections of one event loop, by what they lead to. Used by that loop only. */
final class H2Pool<K> {
  /** Gets a stream or why there is none. */
  interface Opened {
    /** {@link H2LinkStream#listen} is to be called, and a head to be written. */
    void opened(H2LinkStream stream);

    void failed(Failure failure);
  }

  private final EventLoop loop;
  private final Connector<K> connector;
  private final Map<K, List<H2Connection>> connections = new HashMap<>();

  H2Pool(EventLoop loop, Connector<K> connector) {
    this.loop = loop;
    this.connector = connector;
  }

  /** Opens a stream on a connection that has room, or on a new one. */
  void open(K key, Opened opened) {
    Object credentials;
    try {
      credentials = connector.credentials(key);
    } catch (UpstreamException e) {
      opened.failed(e.failure());
      return;
    }
    Load load = connector.load(key);
    H2Connection connection = connection(key, credentials, load);
    if (connection == null) {
      opened.failed(full(load, Load.Kind.CONNECTIONS));
      return;
    }
    connection.take();
    if (connection.ready.isSuccess()) {
      opened.opened(connection.link.open());
      return;
    }
    if (load != null && !load.begin(Load.Kind.PENDING)) {
      connection.giveUp();
      opened.failed(full(load, Load.Kind.PENDING));
      return;
    }
    connection.ready.addListener(
        ready -> {
          if (load != null) {
            load.ended(Load.Kind.PENDING);
          }
          if (ready.isSuccess() && connection.isOverfull()) {
            connection.giveUp();
            open(key, opened); // On another one: how many a peer takes is known only now.
          } else if (ready.isSuccess()) {
            opened.opened(connection.link.open());
          } else {
            connection.streamClosed();
            opened.failed(UpstreamException.of(ready.cause(), key.toString()));
          }
        });
  }

  private static Failure full(@Nullable Load load, Load.Kind kind) {
    return Objects.requireNonNull(load).full(kind);
  }

  /** One that has room, or a new one; null where there may be no more. */
  private @Nullable H2Connection connection(K key, Object credentials, @Nullable Load load) {
    List<H2Connection> all = connections.getOrDefault(key, List.of());
    boolean outdated = false;
    for (int i = 0; i < all.size(); i++) {
      H2Connection connection = all.get(i);
      if (!connection.isMadeWith(credentials)) {
        outdated = true;
      } else if (connection.hasRoom()) {
        return connection;
      }
    }
    if (outdated) {
      for (H2Connection connection : List.copyOf(all)) {
        if (!connection.isMadeWith(credentials)) {
          connection.retire(); // Which may close it, and take it out of the list.
        }
      }
    }
    return load == null || load.begin(Load.Kind.CONNECTIONS)
        ? connect(key, credentials, load)
        : null;
  }

  private H2Connection connect(K key, Object credentials, @Nullable Load load) {
    Promise<H2Link> ready = loop.newPromise();
    H2Connection connection = new H2Connection(ready, credentials, new Place(load));
    connections.computeIfAbsent(key, _ -> new ArrayList<>(1)).add(connection);
    ready.addListener(
        connected -> {
          if (connected.isSuccess()) {
            connection.link.closed(() -> remove(key, connection));
          } else {
            remove(key, connection);
          }
        });
    connector.connect(key, credentials, loop, connection.link, ready);
    return connection;
  }

  private void remove(K key, H2Connection connection) {
    connection.closed();
    List<H2Connection> all = connections.get(key);
    if (all != null) {
      all.remove(connection);
      if (all.isEmpty()) {
        connections.remove(key);
      }
    }
  }

  /**
   * Called every few seconds: notices peers that died without a word and closes idle connections.
   */
  void sweep(long nowNanos) {
    for (List<H2Connection> all : List.copyOf(connections.values())) {
      List.copyOf(all).forEach(connection -> connection.sweep(nowNanos));
    }
  }

  void close() {
    for (List<H2Connection> all : List.copyOf(connections.values())) {
      List.copyOf(all).forEach(H2Connection::close);
    }
  }
}
