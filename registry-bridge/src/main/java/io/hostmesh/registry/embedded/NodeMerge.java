package io.hostmesh.registry.embedded;

import io.hostmesh.registry.embedded.Store.Topic;
import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A node as it shall be, with the indexes that follow: what says the same as before keeps its own.
 *
 * @param changed which parts of the state the write has touched
 */
record NodeMerge(StoredNode node, Set<Topic> changed) {

  static NodeMerge of(@Nullable StoredNode old, StoredNode wanted, long next) {
    Set<Topic> changed = EnumSet.noneOf(Topic.class);
    SortedMap<String, StoredService> services = services(old, wanted, next, changed);
    SortedMap<String, StoredCheck> checks = checks(old, wanted, next, changed);
    boolean same =
        old != null && old.address().equals(wanted.address()) && old.meta().equals(wanted.meta());
    if (!same) {
      changed.add(Topic.NODES);
    }
    return new NodeMerge(
        new StoredNode(
            wanted.name(),
            wanted.address(),
            wanted.meta(),
            services,
            checks,
            old == null ? next : old.createIndex(),
            old != null && same ? old.modifyIndex() : next),
        changed);
  }

  private static SortedMap<String, StoredService> services(
      @Nullable StoredNode old, StoredNode wanted, long next, Set<Topic> changed) {
    SortedMap<String, StoredService> before = old == null ? new TreeMap<>() : old.services();
    SortedMap<String, StoredService> after = new TreeMap<>();
    wanted
        .services()
        .forEach(
            (id, service) -> {
              StoredService known = before.get(id);
              if (known != null && known.at(0, 0).equals(service.at(0, 0))) {
                after.put(id, known);
              } else {
                after.put(id, service.at(known == null ? next : known.createIndex(), next));
              }
            });
    if (!after.equals(before)) {
      changed.add(Topic.SERVICES);
    }
    return after;
  }

  private static SortedMap<String, StoredCheck> checks(
      @Nullable StoredNode old, StoredNode wanted, long next, Set<Topic> changed) {
    SortedMap<String, StoredCheck> before = old == null ? new TreeMap<>() : old.checks();
    SortedMap<String, StoredCheck> after = new TreeMap<>();
    wanted
        .checks()
        .forEach(
            (id, check) -> {
              StoredCheck known = before.get(id);
              if (known != null && known.at(0, 0).equals(check.at(0, 0))) {
                after.put(id, known);
              } else {
                after.put(id, check.at(known == null ? next : known.createIndex(), next));
              }
            });
    if (!after.equals(before)) {
      changed.add(Topic.CHECKS);
    }
    return after;
  }
}
