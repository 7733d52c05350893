package io.hostmesh.agent.connection;

import io.hostmesh.agent.protocol.Drainable;
import io.hostmesh.agent.protocol.HttpLimits;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.HttpVersionSwitch;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** The connections that were accepted and are open, and how they end. Any thread. */
public final class Connections {
  private final Map<Channel, Optional<Drainable>> open = new ConcurrentHashMap<>();
  private final Map<EventLoop, Upstreams> upstreams = new ConcurrentHashMap<>();
  private final Function<EventLoop, Upstreams> perLoop;
  private final Metrics metrics;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private volatile boolean draining;

  /**
   * @param perLoop makes what an event loop opens connections with, once for each loop
   */
  public Connections(Function<EventLoop, Upstreams> perLoop, Metrics metrics) {
    this.perLoop = perLoop;
    this.metrics = metrics;
  }

  /** Registers a connection and gives what its loop opens connections with. */
  public Upstreams accepted(Channel channel) {
    open.put(channel, Optional.empty());
    metrics.accepted();
    channel.closeFuture().addListener(_ -> closed(channel));
    return upstreams.computeIfAbsent(
        channel.eventLoop(),
        loop -> {
          Upstreams made = perLoop.apply(loop);
          loop.execute(made::begin);
          return made;
        });
  }

  private void closed(Channel channel) {
    open.remove(channel);
    metrics.ended();
    if (draining && open.isEmpty()) {
      drained.complete(null);
    }
  }

  /** A connection turned out to be one that can end without breaking requests. */
  public void drainable(Channel channel, Drainable connection) {
    open.computeIfPresent(channel, (_, _) -> Optional.of(connection));
    if (draining) {
      channel.eventLoop().execute(connection::drain);
    }
  }

  /** Reads requests from an accepted connection, of whichever version of HTTP they are. */
  public void readRequests(Channel channel, HttpService service) {
    channel
        .pipeline()
        .addLast(
            "http-version",
            new HttpVersionSwitch(service, HttpLimits.DEFAULT, known -> drainable(channel, known)));
  }

  /** How many are open. */
  public int count() {
    return open.size();
  }

  /**
   * Lets connections end: HTTP ones after what is under way, others by themselves.
   *
   * @return completed when all have ended, or after the limit
   */
  public CompletableFuture<Void> drain(Duration limit) {
    draining = true;
    open.forEach(
        (channel, connection) -> connection.ifPresent(c -> channel.eventLoop().execute(c::drain)));
    if (open.isEmpty()) {
      drained.complete(null);
    }
    return drained.copy().completeOnTimeout(null, limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Closes all that is open, accepted or opened by us. */
  @SuppressWarnings("FutureReturnValueIgnored") // They end with their channels.
  public void close() {
    List.copyOf(open.keySet()).forEach(Channel::close);
    upstreams.forEach((loop, all) -> loop.execute(all::close));
  }
}
