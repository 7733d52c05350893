package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.kiwiproject.consul.model.session.SessionInfo;

/**
 * Watches over the heartbeats of hosts that have no Consul agent: a node whose heartbeat stops
 * turns critical, one whose heartbeat comes back turns passing, and one that stays dead is removed
 * from the catalog, with its services. Only nodes with the mesh's heartbeat check are ever touched.
 * One leader runs it ({@link Registry#elect}); two would do no harm. Runs on a virtual thread of
 * its own until it is closed.
 */
public final class DeadNodeReaper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DeadNodeReaper.class.getName());
  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final Map<String, String> HEARTBEATS =
      Map.of("filter", "CheckID == \"" + RegistrationMeta.HEARTBEAT_CHECK + "\"");

  private final Connections connections;
  private final Duration removeAfter;
  private final Clock clock = Clock.systemUTC();
  private final Thread thread;
  private volatile boolean closed;
  private NodeExpiry expiry = NodeExpiry.START; // The thread's own.

  DeadNodeReaper(Connections connections, Duration removeAfter) {
    this.connections = connections;
    this.removeAfter = removeAfter;
    this.thread = connections.watch("reaper", this::run, () -> closed = true);
  }

  private void run() {
    int failures = 0;
    while (!closed) {
      Duration rest = EVERY;
      try {
        look();
        failures = 0;
      } catch (RegistryException e) {
        failures++;
        rest = Connections.BACKOFF.delay(failures, connections.random());
        LOG.log(System.Logger.Level.DEBUG, "dead nodes wait: {0}", e.getMessage());
      }
      try {
        Thread.sleep(rest);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // Only closing interrupts.
      }
    }
  }

  private void look() {
    // The checks first: a node that comes between the two reads has its session already.
    Map<String, CheckStatus> nodes = nodes();
    NodeExpiry.Round round = expiry.look(nodes, beating(), clock.instant(), removeAfter);
    expiry = round.next();
    round.verdicts().forEach(this::carryOut);
  }

  private Map<String, CheckStatus> nodes() {
    JsonNode checks =
        connections.perform(() -> connections.raw().get("/v1/health/state/any", HEARTBEATS));
    Map<String, CheckStatus> nodes = new HashMap<>();
    for (JsonNode check : checks) {
      nodes.put(check.path("Node").asText(""), CheckStatus.parse(check.path("Status").asText("")));
    }
    return nodes;
  }

  private Set<String> beating() {
    return connections.perform(() -> connections.calls().sessionClient().listSessions()).stream()
        .filter(
            session ->
                session.getName().filter(RegistrationMeta.HEARTBEAT_SESSION::equals).isPresent())
        .map(SessionInfo::getNode)
        .collect(Collectors.toSet());
  }

  private void carryOut(NodeExpiry.Verdict verdict) {
    CatalogWrites writes = new CatalogWrites(connections, new RegisteringNode(verdict.node(), ""));
    switch (verdict) {
      case NodeExpiry.Dead(String node) -> {
        mark(writes, node, false);
        LOG.log(System.Logger.Level.WARNING, "node {0}: no heartbeat; critical now", node);
      }
      case NodeExpiry.Alive(String node) -> {
        mark(writes, node, true);
        LOG.log(System.Logger.Level.INFO, "node {0}: its heartbeat is back", node);
      }
      case NodeExpiry.Remove(String node) -> {
        writes.removeNode(node);
        LOG.log(
            System.Logger.Level.WARNING,
            "node {0}: no heartbeat for {1}; removed from the catalog",
            node,
            removeAfter);
      }
    }
  }

  private void mark(CatalogWrites writes, String node, boolean alive) {
    JsonNode known =
        connections.perform(
            () -> connections.raw().get("/v1/catalog/node/" + node, Map.of()).path("Node"));
    String address = known.path("Address").asText("");
    if (!address.isEmpty()) { // Else it was removed meanwhile: nothing to mark.
      ObjectNode body =
          connections
              .raw()
              .mapper()
              .createObjectNode()
              .put("Node", node)
              .put("Address", address)
              .put("SkipNodeUpdate", true);
      body.putArray("Checks").add(writes.heartbeat(node, alive));
      writes.register(body);
    }
  }

  @Override
  public void close() {
    closed = true;
    Connections.end(thread);
  }
}
