package io.hostmesh.pilot.discovery;

import io.hostmesh.api.v1.StatusReport;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is known of each agent: its open streams and its last report. Reports of agents that are
 * gone are forgotten after a day. Safe for any thread.
 */
public final class AgentBook {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int MOST_REPORTS = 20_000;

  private final InstantSource clock;
  private final Map<Object, StreamState> streams = new HashMap<>(); // Guarded by this.
  private final Map<String, Reported> reports = new HashMap<>(); // Guarded by this.

  /**
   * @param at when it arrived
   */
  public record Reported(StatusReport report, Instant at) {}

  /**
   * @param streams the open ones, the newest first; several while an agent is being replaced
   */
  public record Agent(List<StreamState> streams, Optional<Reported> reported) {
    public Agent {
      streams = List.copyOf(streams);
    }
  }

  public AgentBook(InstantSource clock) {
    this.clock = clock;
  }

  /** A stream is, or has become, so. */
  synchronized void note(Object stream, StreamState state) {
    streams.put(stream, state);
  }

  synchronized void gone(Object stream) {
    streams.remove(stream);
  }

  synchronized void report(String node, StatusReport report) {
    Instant now = clock.instant();
    reports.put(node, new Reported(report, now));
    if (reports.size() > MOST_REPORTS) {
      reports.values().removeIf(reported -> reported.at().isBefore(now.minus(KEPT)));
      reports.entrySet().stream()
          .min(Comparator.comparing(entry -> entry.getValue().at()))
          .filter(_ -> reports.size() > MOST_REPORTS)
          .map(Map.Entry::getKey)
          .ifPresent(reports::remove);
    }
  }

  /** Every agent with a stream or a report, by node. */
  public synchronized SortedMap<String, Agent> agents() {
    Instant horizon = clock.instant().minus(KEPT);
    reports.values().removeIf(reported -> reported.at().isBefore(horizon));
    Map<String, List<StreamState>> byNode = new TreeMap<>();
    streams.values().stream()
        .sorted(Comparator.comparing(StreamState::since).reversed())
        .forEach(s -> byNode.computeIfAbsent(s.node(), _ -> new ArrayList<>()).add(s));
    reports.keySet().forEach(node -> byNode.computeIfAbsent(node, _ -> List.of()));
    SortedMap<String, Agent> agents = new TreeMap<>();
    byNode.forEach(
        (node, open) -> agents.put(node, new Agent(open, Optional.ofNullable(reports.get(node)))));
    return agents;
  }

  /** Nodes with a stream that has not taken this snapshot, or a later one, completely. */
  public synchronized List<String> behind(String snapshot) {
    return streams.values().stream()
        .filter(stream -> !stream.synced() || !stream.snapshot().equals(snapshot))
        .map(StreamState::node)
        .distinct()
        .sorted()
        .toList();
  }

  public synchronized int connected() {
    return streams.size();
  }
}
