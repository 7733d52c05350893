package io.hostmesh.registry;

import io.hostmesh.runtime.backoff.Backoff;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * One registry, Consul or the embedded one: the way to all that this library offers. Connecting
 * neither blocks nor fails where the registry is away: calls fail, watches keep trying.
 *
 * <p>Safe for any thread. All waiting is done on virtual threads, which are daemons: futures
 * complete and listeners are called there, never on an event loop. At most {@value
 * Connections#MAX_CALLS} calls and {@value Connections#MAX_WATCHES} long waits are under way at a
 * time, each on a connection of its own. Everything made from a registry ends when it is closed.
 */
public final class Registry implements AutoCloseable {
  private final Connections connections;
  private final KeyValue keyValue;

  private Registry(Connections connections) {
    this.connections = connections;
    this.keyValue = new ConsulKeyValue(connections);
  }

  /**
   * @param random for jitter
   * @throws io.hostmesh.runtime.UserError where a file of its TLS settings cannot be used
   */
  public static Registry connect(RegistrySettings settings, RandomGenerator random) {
    return connect(settings, random, Timing.DEFAULT);
  }

  static Registry connect(RegistrySettings settings, RandomGenerator random, Timing timing) {
    return new Registry(new Connections(settings, random, timing));
  }

  public RegistrySettings settings() {
    return connections.settings();
  }

  public KeyValue keyValue() {
    return keyValue;
  }

  public ConsulVirtualIps consulVirtualIps() {
    return new ConsulVirtualIps(connections);
  }

  /**
   * Follows all services and instances with their health. A change is heard well within a second.
   * The first catalog is heard once all of it was read, so an empty one means that the registry
   * lists nothing.
   *
   * @throws IllegalStateException where the bound of watches is reached
   */
  public Watch watchCatalog(WatchListener<Catalog> listener) {
    return new CatalogWatch(connections, listener);
  }

  /**
   * Follows Consul's intentions. A registry that has none to show, be it that it is older than
   * config entries or that the token may not read them, is heard as a failure of kind {@link
   * RegistryException.Kind#REFUSED}.
   *
   * @throws IllegalStateException where the bound of watches is reached
   */
  public Watch watchIntentions(WatchListener<Intentions> listener) {
    return new BlockingQuery<>(
        connections,
        "intentions",
        options -> connections.raw().list("/v1/config/service-intentions", options),
        new ChangesOnly<>(listener, Intentions::read));
  }

  /** Completes where the registry answers and knows a leader. */
  public CompletableFuture<Void> ping() {
    return connections
        .call(() -> connections.calls().statusClient().getLeader())
        .thenAccept(_ -> {});
  }

  /**
   * Takes part in the election of one leader among all candidates of the same purpose.
   *
   * @param purpose one path segment, for instance {@code reaper}
   * @param candidate says who holds the lock, for people
   */
  public LeaderElection elect(String purpose, String candidate, LeadershipListener listener) {
    return new LeaderElection(connections, purpose, candidate, listener);
  }

  /** Registers services of this host. */
  public ServiceRegistration registration(RegisteringNode node) {
    return new ServiceRegistration(connections, node);
  }

  /**
   * Expires nodes of the mesh whose heartbeat has stopped. To be run by one leader at a time.
   *
   * @param removeAfter how long a dead node stays listed as critical before it is removed
   */
  public DeadNodeReaper reaper(Duration removeAfter) {
    return new DeadNodeReaper(connections, removeAfter);
  }

  /** The pauses between attempts, for callers that repeat calls of their own. */
  public static Backoff backoff() {
    return Connections.BACKOFF;
  }

  @Override
  public void close() {
    connections.close();
  }
}
