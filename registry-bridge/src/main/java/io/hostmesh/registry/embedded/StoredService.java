package io.hostmesh.registry.embedded;

import java.util.List;
import java.util.Map;

/**
 * A service of a node.
 *
 * @param kind empty for a plain service, else for instance {@code connect-proxy}
 */
record StoredService(
    String id,
    String name,
    String kind,
    List<String> tags,
    String address,
    int port,
    Map<String, String> meta,
    long createIndex,
    long modifyIndex) {
  StoredService {
    tags = List.copyOf(tags);
    meta = Map.copyOf(meta);
  }

  StoredService at(long created, long modified) {
    return new StoredService(id, name, kind, tags, address, port, meta, created, modified);
  }
}
