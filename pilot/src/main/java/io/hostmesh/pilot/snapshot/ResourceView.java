package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.ResourceType;
import java.util.Optional;
import java.util.SortedMap;

/** What one node may see of a snapshot. Immutable, for any thread. */
public interface ResourceView {
  /** The snapshot's version. */
  String version();

  Optional<Resource> get(ResourceType type, String name);

  /** All resources of a kind by name. */
  SortedMap<String, Resource> all(ResourceType type);
}
