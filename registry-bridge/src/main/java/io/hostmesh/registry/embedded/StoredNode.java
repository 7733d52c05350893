package io.hostmesh.registry.embedded;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A node of the catalog, with its services and checks by their ids. */
record StoredNode(
    String name,
    String address,
    Map<String, String> meta,
    SortedMap<String, StoredService> services,
    SortedMap<String, StoredCheck> checks,
    long createIndex,
    long modifyIndex) {
  StoredNode {
    meta = Map.copyOf(meta);
    services = Collections.unmodifiableSortedMap(new TreeMap<>(services));
    checks = Collections.unmodifiableSortedMap(new TreeMap<>(checks));
  }

  /** The instances of a service, with a tag where one is named. */
  Stream<StoredService> instances(String service, Optional<String> tag) {
    return services.values().stream()
        .filter(each -> each.name().equals(service))
        .filter(each -> tag.isEmpty() || each.tags().contains(tag.get()));
  }

  StoredNode with(
      SortedMap<String, StoredService> newServices, SortedMap<String, StoredCheck> newChecks) {
    return new StoredNode(name, address, meta, newServices, newChecks, createIndex, modifyIndex);
  }
}
