package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;

/** A node of Consul's catalog. */
record CatalogNode(String name, String address) {
  /** That of an entry of {@code /v1/catalog/service/:name}. */
  static CatalogNode of(JsonNode instance) {
    return new CatalogNode(instance.path("Node").asText(""), instance.path("Address").asText(""));
  }

  boolean sameHost(CatalogNode other) {
    return name.equals(other.name) || address.equals(other.address);
  }
}
