package io.hostmesh.agent.upstream;

import io.hostmesh.agent.protocol.H2Connections;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.concurrent.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The HTTP/2 connections of one event loop, by what they lead to. Used by that loop only. */
final class H2Pool<K> {
  /** Gets a stream or why there is none. */
  interface Opened {
    void opened(Http2StreamChannel stream);

    void failed(Failure failure);
  }

  private final EventLoop loop;
  private final Connector<K> connector;
  private final Map<K, List<H2Connection>> connections = new HashMap<>();

  H2Pool(EventLoop loop, Connector<K> connector) {
    this.loop = loop;
    this.connector = connector;
  }

  /**
   * Opens a stream on a connection that has room, or on a new one.
   *
   * @param handlers adds the stream's handlers
   */
  void open(K key, Consumer<Http2StreamChannel> handlers, Opened opened) {
    Object credentials;
    try {
      credentials = connector.credentials(key);
    } catch (UpstreamException e) {
      opened.failed(e.failure());
      return;
    }
    H2Connection connection = connection(key, credentials);
    connection.streams++;
    connection.ready.addListener(
        ready -> {
          if (ready.isSuccess()) {
            stream(connection, handlers, opened, key);
          } else {
            connection.streams--;
            opened.failed(UpstreamException.of(ready.cause(), key.toString()));
          }
        });
  }

  private H2Connection connection(K key, Object credentials) {
    boolean outdated = false;
    for (H2Connection connection : connections.getOrDefault(key, List.of())) {
      if (!connection.isMadeWith(credentials)) {
        outdated = true;
      } else if (connection.hasRoom(H2Connections.MAX_STREAMS)) {
        return connection;
      }
    }
    if (outdated) {
      for (H2Connection connection : List.copyOf(connections.getOrDefault(key, List.of()))) {
        if (!connection.isMadeWith(credentials)) {
          connection.retire(); // Which may close it, and take it out of the list.
        }
      }
    }
    Promise<Channel> ready = loop.newPromise();
    H2Connection connection = new H2Connection(ready, credentials);
    connections.computeIfAbsent(key, _ -> new ArrayList<>(1)).add(connection);
    ready.addListener(
        connected -> {
          if (connected.isSuccess()) {
            connection.begin();
            ready.getNow().closeFuture().addListener(_ -> remove(key, connection));
          } else {
            remove(key, connection);
          }
        });
    connector.connect(key, credentials, loop, ready);
    return connection;
  }

  private void remove(K key, H2Connection connection) {
    List<H2Connection> all = connections.get(key);
    if (all != null) {
      all.remove(connection);
      if (all.isEmpty()) {
        connections.remove(key);
      }
    }
  }

  private void stream(
      H2Connection connection, Consumer<Http2StreamChannel> handlers, Opened opened, K key) {
    new Http2StreamChannelBootstrap(connection.ready.getNow())
        .handler(H2Connections.onDemand(handlers))
        .open()
        .addListener(
            open -> {
              if (open.isSuccess()) {
                Http2StreamChannel stream = (Http2StreamChannel) open.getNow();
                stream.closeFuture().addListener(_ -> connection.streamClosed());
                opened.opened(stream);
              } else {
                connection.streamClosed();
                opened.failed(UpstreamException.of(open.cause(), key.toString()));
              }
            });
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
