package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.protocol.HttpStream;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP/1.1 connections of one event loop to applications; the one used last is used next. Used
 * by that loop only.
 */
final class H1Pool {
  /**
   * Shorter than the keep-alive time of the servers that have the shortest (2 s is the shortest
   * default in wide use), so that hardly a request meets a connection that is just being closed.
   */
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

  private static final int MAX_IDLE = 256;

  private final EventLoop loop;
  private final Dialer dialer;
  private final Map<Application, ArrayDeque<H1Stream>> idle = new HashMap<>();

  H1Pool(EventLoop loop, Dialer dialer) {
    this.loop = loop;
    this.dialer = dialer;
  }

  /**
   * @param fresh whether only a new connection will do
   */
  void open(Application application, boolean fresh, HttpStream.Observer observer) {
    ArrayDeque<H1Stream> connections = idle.get(application);
    long now = System.nanoTime();
    while (!fresh && connections != null && !connections.isEmpty()) {
      H1Stream stream = connections.pollLast();
      if (now - stream.idleSinceNanos() < IDLE_NANOS && stream.reuse(observer)) {
        return;
      }
      stream.close();
    }
    Load load = application.load();
    if (load != null && !begin(load, observer)) {
      return;
    }
    Place place = new Place(load);
    Promise<Channel> dialled = loop.newPromise();
    dialled.addListener(
        done -> {
          if (load != null) {
            load.ended(Load.Kind.PENDING);
          }
          if (done.isSuccess()) {
            dialled.getNow().closeFuture().addListener(_ -> place.free());
            H1Stream.begin(dialled.getNow(), application, this, place).use(observer);
          } else {
            place.free();
            observer.failed(UpstreamException.of(done.cause(), application.toString()), true);
          }
        });
    dialer.dial(application, loop, dialled);
  }

  private static boolean begin(Load load, HttpStream.Observer observer) {
    if (!load.begin(Load.Kind.CONNECTIONS)) {
      observer.failed(load.full(Load.Kind.CONNECTIONS), true);
      return false;
    }
    if (!load.begin(Load.Kind.PENDING)) {
      load.ended(Load.Kind.CONNECTIONS);
      observer.failed(load.full(Load.Kind.PENDING), true);
      return false;
    }
    return true;
  }

  void giveBack(H1Stream stream, Application application) {
    ArrayDeque<H1Stream> connections = idle.computeIfAbsent(application, _ -> new ArrayDeque<>());
    if (connections.size() >= MAX_IDLE) {
      connections.pollFirst().close();
    }
    connections.addLast(stream);
  }

  void remove(H1Stream stream, Application application) {
    ArrayDeque<H1Stream> connections = idle.get(application);
    if (connections != null) {
      connections.remove(stream);
      if (connections.isEmpty()) {
        idle.remove(application);
      }
    }
  }

  /** Called every few seconds: closes what is idle for too long, or in another one's way. */
  void sweep(long nowNanos) {
    for (ArrayDeque<H1Stream> connections : java.util.List.copyOf(idle.values())) {
      while (!connections.isEmpty() && isToGo(connections.peekFirst(), nowNanos)) {
        connections.pollFirst().close();
      }
    }
    idle.values().removeIf(ArrayDeque::isEmpty);
  }

  private static boolean isToGo(H1Stream stream, long nowNanos) {
    long idle = nowNanos - stream.idleSinceNanos();
    return idle > IDLE_NANOS || stream.isWanted(idle);
  }

  void close() {
    for (ArrayDeque<H1Stream> connections : java.util.List.copyOf(idle.values())) {
      java.util.List.copyOf(connections).forEach(H1Stream::close);
    }
  }
}
