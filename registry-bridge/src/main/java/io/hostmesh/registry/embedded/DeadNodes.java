package io.hostmesh.registry.embedded;

import io.hostmesh.registry.CheckStatus;
import io.hostmesh.registry.NodeExpiry;
import io.hostmesh.registry.RegistrationMeta;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Expires nodes of the mesh whose heartbeat stopped, by the same decision as {@link
 * io.hostmesh.registry.DeadNodeReaper}: here no leader has to be elected first, and a laptop's mesh
 * heals without a pilot. The server's event loop only.
 */
final class DeadNodes {
  private static final System.Logger LOG = System.getLogger(DeadNodes.class.getName());

  private final Live live;
  private final Duration removeAfter;
  private NodeExpiry expiry = NodeExpiry.START;

  DeadNodes(Live live, Duration removeAfter) {
    this.live = live;
    this.removeAfter = removeAfter;
  }

  void look() {
    Store store = live.store();
    Map<String, CheckStatus> nodes = new HashMap<>();
    for (StoredNode node : store.nodes().values()) {
      StoredCheck check = node.checks().get(RegistrationMeta.HEARTBEAT_CHECK);
      if (check != null) {
        nodes.put(node.name(), CheckStatus.parse(check.status()));
      }
    }
    Set<String> beating =
        store.sessions().values().stream()
            .filter(session -> session.name().equals(RegistrationMeta.HEARTBEAT_SESSION))
            .map(StoredSession::node)
            .collect(Collectors.toSet());
    NodeExpiry.Round round = expiry.look(nodes, beating, live.now(), removeAfter);
    expiry = round.next();
    round.verdicts().forEach(verdict -> live.change(current -> carriedOut(current, verdict)));
  }

  private static Store carriedOut(Store store, NodeExpiry.Verdict verdict) {
    LOG.log(System.Logger.Level.INFO, "heartbeats: {0}", verdict);
    return switch (verdict) {
      case NodeExpiry.Dead(String node) ->
          mark(store, node, CheckStatus.CRITICAL, RegistrationMeta.NO_HEARTBEAT);
      case NodeExpiry.Alive(String node) ->
          mark(store, node, CheckStatus.PASSING, RegistrationMeta.A_HEARTBEAT);
      case NodeExpiry.Remove(String node) -> store.removeNode(node);
    };
  }

  private static Store mark(Store store, String node, CheckStatus status, String output) {
    return store.report(node, RegistrationMeta.HEARTBEAT_CHECK, status.text(), output);
  }
}
