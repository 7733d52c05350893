package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Peer;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.util.Optional;

/** Where a connection to a service of this host came from. Immutable, for any thread. */
public final class Origin {
  /** How it came. */
  public enum Arrival {
    /** From another agent, with mutual TLS. */
    MESH,
    /** From this agent's outbound side, on this host. */
    SAME_HOST,
    /** To the service's port itself. */
    CAPTURED
  }

  private final Arrival arrival;
  private final Optional<SpiffeId> caller;
  private final Optional<ServiceName> name;
  private final Peer peer;
  private final String address;
  private final String unknown;
  private final Optional<String> certificate;

  /**
   * @param caller the proven identity
   * @param peer the address on the other end, without port
   * @param unknown what is known of a caller without identity, for its refusal
   */
  public Origin(Arrival arrival, Optional<? extends SpiffeId> caller, String peer, String unknown) {
    this(arrival, caller, peer, unknown, Optional.empty());
  }

  private Origin(
      Arrival arrival,
      Optional<? extends SpiffeId> caller,
      String address,
      String unknown,
      Optional<String> certificate) {
    this.arrival = arrival;
    this.caller = caller.map(id -> id);
    this.name = caller.map(id -> id instanceof SpiffeId.Service service ? service.name() : null);
    this.peer = new Peer(caller, address);
    this.address = address;
    this.unknown = unknown;
    this.certificate = certificate;
  }

  /** The same, with the SHA-256 of the certificate that the caller showed, in hexadecimal. */
  Origin showing(String sha256) {
    return new Origin(arrival, caller, address, unknown, Optional.of(sha256));
  }

  /** The SHA-256 of the certificate that the caller showed; empty where it showed none. */
  Optional<String> certificate() {
    return certificate;
  }

  Arrival arrival() {
    return arrival;
  }

  Optional<SpiffeId> caller() {
    return caller;
  }

  /** Whether the caller is of another trust domain. */
  boolean isForeign() {
    return caller.isPresent() && caller.get() instanceof SpiffeId.Foreign;
  }

  /** The caller's name, which rules speak of; empty where it is no service of this mesh. */
  Optional<ServiceName> name() {
    return name;
  }

  /** The other end, as access rules see it. */
  Peer peer() {
    return peer;
  }

  /** The other end's address, without port. */
  String address() {
    return address;
  }

  String unknown() {
    return unknown;
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
