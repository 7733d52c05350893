package io.hostmesh.citadel;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.admin.AdminSocket;
import io.hostmesh.runtime.identity.CitadelSettings;
import io.hostmesh.runtime.identity.NodeAttestor;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/** A citadel that listens on loopback, its KV in memory, a clock that tests move, and nodes. */
final class Mesh implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(20);

  final Path folder;
  private final String more;
  private final Optional<String> registry;
  final MovableClock clock = new MovableClock();
  final InMemoryKeyValue keyValue = new InMemoryKeyValue();
  final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  final Host host = new Host(vertx, clock, RandomGenerator.getDefault(), "test");
  private final List<NodeIdentity> nodes = new ArrayList<>();
  private final int port = freePort();
  CitadelProcess citadel;

  Mesh(Path folder) throws Exception {
    this(folder, "");
  }

  /**
   * @param more of citadel's configuration
   */
  Mesh(Path folder, String more) throws Exception {
    this(folder, more, Optional.empty());
  }

  /**
   * @param registry the address of one that is used instead of the KV in memory
   */
  Mesh(Path folder, String more, Optional<String> registry) throws Exception {
    this.folder = folder;
    this.more = more;
    this.registry = registry;
    this.citadel = startCitadel();
  }

  CitadelProcess startCitadel() throws Exception {
    return start(config(more));
  }

  /** Another citadel, or this one, on this mesh's registry. */
  CitadelProcess start(CitadelConfig config) throws Exception {
    return registry.isPresent()
        ? CitadelProcess.start(config, host)
        : CitadelProcess.start(config, host, keyValue, () -> {});
  }

  CitadelConfig config(String more) {
    String text =
        """
        listen = "127.0.0.1:%d"
        metrics.listen = "127.0.0.1:0"
        state-dir = "%s"
        admin.socket = "%s"
        %s
        %s
        """
            .formatted(port, folder.resolve("citadel"), socket(), registry(), more);
    return CitadelConfig.read(Section.parse("test", text));
  }

  /** The lines of a configuration for this mesh's registry. */
  String registry() {
    return registry.map(address -> "registry.address = \"" + address + "\"").orElse("");
  }

  private static int freePort() {
    try (java.net.ServerSocket socket = new java.net.ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  Path socket() {
    return folder.resolve("citadel.sock");
  }

  /** Where this citadel listens. */
  HostPort address() {
    return new HostPort("127.0.0.1", port);
  }

  JsonObject ask(HttpMethod method, String path, JsonObject body) {
    return ask(socket(), method, path, body);
  }

  static JsonObject ask(Path socket, HttpMethod method, String path, JsonObject body) {
    return new AdminSocket(socket, "citadel").ask(method.name(), path, body, LIMIT);
  }

  String token(JsonObject wish) {
    return ask(HttpMethod.POST, "/v1/tokens", wish).getString("token");
  }

  String nodeToken() {
    return token(new JsonObject());
  }

  JsonObject allow(String node, String... services) {
    return ask(
        HttpMethod.POST,
        "/v1/entitlements",
        new JsonObject().put("node", node).put("allow", new JsonArray(List.of(services))));
  }

  NodeIdentity node(String name, String token) {
    return node(new SpiffeId.Node("hostmesh.local", name), name, token, () -> true);
  }

  NodeIdentity node(SpiffeId id, String directory, String token, BooleanSupplier owner) {
    return node(id, directory, token, owner, List.of(new HostPort("127.0.0.1", port)));
  }

  NodeIdentity node(
      SpiffeId id,
      String directory,
      String token,
      BooleanSupplier owner,
      List<HostPort> addresses) {
    return node(
        id,
        directory,
        Optional.of(token).filter(text -> !text.isEmpty()),
        Optional.empty(),
        owner,
        addresses);
  }

  /** A node that joins without a token. */
  NodeIdentity node(SpiffeId id, String directory, NodeAttestor attestor) {
    return node(
        id,
        directory,
        Optional.empty(),
        Optional.of(attestor),
        () -> true,
        List.of(new HostPort("127.0.0.1", port)));
  }

  /** A node that asks these citadels. */
  NodeIdentity node(String name, String token, List<HostPort> addresses) {
    return node(new SpiffeId.Node("hostmesh.local", name), name, token, () -> true, addresses);
  }

  private NodeIdentity node(
      SpiffeId id,
      String directory,
      Optional<String> token,
      Optional<NodeAttestor> attestor,
      BooleanSupplier owner,
      List<HostPort> addresses) {
    NodeIdentity identity =
        NodeIdentity.start(
            host,
            new NodeIdentity.Settings(
                id,
                folder.resolve(directory),
                new CitadelSettings(
                    addresses, token, Optional.empty(), attestor, Duration.ofSeconds(5))),
            owner);
    nodes.add(identity);
    return identity;
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + LIMIT.toSeconds() + " s: " + what);
      }
      java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  @Override
  public void close() {
    for (NodeIdentity node : nodes) {
      node.close();
    }
    citadel.close();
    vertx.close().await();
    keyValue.close();
  }

  /** The time, moved by tests; it runs on by itself as well, as the world does. */
  static final class MovableClock extends Clock {
    private volatile Duration offset = Duration.ZERO;

    void advance(Duration by) {
      offset = offset.plus(by);
    }

    @Override
    public Instant instant() {
      return Instant.now().plus(offset);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
