package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * All resources that are in use, the last good one of each name. Immutable; {@link
 * DiscoveryReducer} makes the next one.
 */
record DiscoveryState(Map<ResourceType, Held> kinds) {
  static final DiscoveryState EMPTY = new DiscoveryState(Map.of());

  DiscoveryState {
    kinds = Map.copyOf(kinds);
  }

  Held of(ResourceType type) {
    return kinds.getOrDefault(type, Held.NOTHING);
  }

  DiscoveryState with(ResourceType type, Held held) {
    Map<ResourceType, Held> next = new EnumMap<>(ResourceType.class);
    next.putAll(kinds);
    next.put(type, held);
    return new DiscoveryState(next);
  }

  /** Forgets everything of a kind except these names: what is not subscribed goes stale. */
  DiscoveryState retain(ResourceType type, Set<String> names) {
    Held held = of(type);
    Map<String, Accepted> byName = new HashMap<>(held.byName());
    Set<String> absent = new HashSet<>(held.absent());
    boolean fewer = byName.keySet().retainAll(names);
    boolean fewerAbsent = absent.retainAll(names);
    return fewer || fewerAbsent ? with(type, new Held(byName, absent)) : this;
  }
}
