package io.hostmesh.agent.discovery;

import java.util.Map;
import java.util.Set;

/**
 * What is known of one kind of resources.
 *
 * @param byName the resources in use
 * @param absent names of which pilot said that there is no such resource
 */
record Held(Map<String, Accepted> byName, Set<String> absent) {
  static final Held NOTHING = new Held(Map.of(), Set.of());

  Held {
    byName = Map.copyOf(byName);
    absent = Set.copyOf(absent);
  }

  /** Whether pilot has spoken about this name, be it that there is no such resource. */
  boolean knows(String name) {
    return byName.containsKey(name) || absent.contains(name);
  }
}
