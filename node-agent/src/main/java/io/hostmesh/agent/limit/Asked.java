package io.hostmesh.agent.limit;

import io.hostmesh.model.routing.RequestFacts;

/** One request or connection, as limits see it. */
public interface Asked extends RequestFacts {
  /** The short id of the instance called. */
  String instance();

  /** The caller's identity; empty where it has none. */
  String source();

  /** The address on the other end, without port. */
  String address();

  /** All values of a header, joined by commas; empty where there is none. Not for connections. */
  String values(String lowerCaseName);
}
