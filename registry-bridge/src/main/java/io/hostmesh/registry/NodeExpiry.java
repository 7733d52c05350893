package io.hostmesh.registry;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which nodes of the mesh are dead. Pure.
 *
 * @param silentSince for each node without a heartbeat, since when that is known
 * @param seenAlive nodes whose heartbeat was seen at least once
 */
public record NodeExpiry(Map<String, Instant> silentSince, Set<String> seenAlive) {
  public static final NodeExpiry START = new NodeExpiry(Map.of(), Set.of());

  /** For a node whose heartbeat was never seen: it may be just about to begin. */
  static final Duration GRACE = Duration.ofSeconds(10);

  public NodeExpiry {
    silentSince = Map.copyOf(silentSince);
    seenAlive = Set.copyOf(seenAlive);
  }

  /** What is to be done with a node. */
  public sealed interface Verdict {
    String node();
  }

  /** Its heartbeat check must say that it is dead. */
  public record Dead(String node) implements Verdict {}

  /** Its heartbeat is back, the check must say so. */
  public record Alive(String node) implements Verdict {}

  /** It has been dead for long enough: it leaves the catalog. */
  public record Remove(String node) implements Verdict {}

  /** What follows from one look at the registry. */
  public record Round(NodeExpiry next, List<Verdict> verdicts) {
    public Round {
      verdicts = List.copyOf(verdicts);
    }
  }

  /**
   * @param nodes the status of each node's heartbeat check: nodes without one are not ours
   * @param beating the nodes that have a heartbeat session now
   */
  public Round look(
      Map<String, CheckStatus> nodes, Set<String> beating, Instant now, Duration removeAfter) {
    Map<String, Instant> silent = new HashMap<>();
    List<Verdict> verdicts = new ArrayList<>();
    nodes.forEach(
        (node, status) -> {
          boolean dead = status == CheckStatus.CRITICAL;
          if (beating.contains(node)) {
            if (dead) {
              verdicts.add(new Alive(node));
            }
            return;
          }
          Instant since = silentSince.getOrDefault(node, now);
          silent.put(node, since);
          Duration silence = Duration.between(since, now);
          if (dead && silence.compareTo(removeAfter) >= 0) {
            verdicts.add(new Remove(node));
          } else if (!dead && (seenAlive.contains(node) || silence.compareTo(GRACE) >= 0)) {
            verdicts.add(new Dead(node));
          }
        });
    Set<String> alive = new java.util.HashSet<>(seenAlive);
    alive.addAll(beating);
    alive.retainAll(nodes.keySet());
    return new Round(new NodeExpiry(silent, alive), verdicts);
  }
}
