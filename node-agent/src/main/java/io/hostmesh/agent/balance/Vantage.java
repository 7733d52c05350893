package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.Locality;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.LocalityPolicy.Prefer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The host that calls are made from, and so how near instances are.
 *
 * @param locality where it stands
 */
public record Vantage(String node, Locality locality) {
  /** Everything is as near as everything else, for tests of all else. */
  static final Vantage NOWHERE = new Vantage("", Locality.NONE);

  private static final int OWN_HOST = 0;
  private static final int OWN_ZONE = 1;
  private static final int OWN_REGION = 2;
  private static final int ELSEWHERE = 3;

  /**
   * Instances that are alike, the nearest ones first; a distance at which there is none is left
   * out. Never empty.
   */
  List<List<Entry>> levels(LocalityPolicy policy, List<Entry> entries) {
    if (entries.isEmpty()) {
      return List.of(entries);
    }
    List<String> others = policy.after(locality.region());
    SortedMap<Integer, List<Entry>> levels = new TreeMap<>();
    for (Entry entry : entries) {
      levels
          .computeIfAbsent(
              distance(policy.prefer(), others, entry.candidate().endpoint()),
              _ -> new ArrayList<>())
          .add(entry);
    }
    return List.copyOf(levels.values());
  }

  private int distance(Prefer prefer, List<String> others, Endpoint endpoint) {
    Locality there = endpoint.locality();
    if (prefer == Prefer.HOST && endpoint.node().equals(node)) {
      return OWN_HOST;
    }
    if (locality.isKnown() && there.region().equals(locality.region())) {
      boolean sameZone = !locality.zone().isEmpty() && there.zone().equals(locality.zone());
      return prefer != Prefer.REGION && sameZone ? OWN_ZONE : OWN_REGION;
    }
    int place = others.indexOf(there.region());
    return ELSEWHERE + (place < 0 ? others.size() : place);
  }
}
