package io.hostmesh.agent.inbound;

import io.hostmesh.model.SpiffeId;
import java.util.Optional;

/**
 * Where a connection to a service of this host came from.
 *
 * @param caller the proven identity
 * @param peer the address on the other end, without port
 * @param unknown what is known of a caller without identity, for its refusal
 */
public record Origin(
    Arrival arrival, Optional<SpiffeId.Service> caller, String peer, String unknown) {

  /** How it came. */
  public enum Arrival {
    /** From another agent, with mutual TLS. */
    MESH,
    /** From this agent's outbound side, on this host. */
    SAME_HOST,
    /** To the service's port itself. */
    CAPTURED
  }

  /** Whether nobody could have read it on the way. */
  boolean secured() {
    return arrival != Arrival.CAPTURED;
  }

  /** Whether an agent is on the other end, which takes failures by name. */
  boolean fromAgent() {
    return arrival != Arrival.CAPTURED;
  }
}
