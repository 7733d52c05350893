package io.hostmesh.agent.authz;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.net.InetAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a connection, as rules see it; made once a connection. For any thread: what is
 * worked out late is the same whoever does it.
 */
public final class Peer {
  private final @Nullable SpiffeId id;
  private final @Nullable ServiceName name;
  private final String address;
  private @Nullable InetAddress parsed;
  private @Nullable String uri;

  /**
   * @param id the proven identity; empty where there is none
   * @param address the connection's source address without port, as text
   */
  public Peer(Optional<? extends SpiffeId> id, String address) {
    this.id = id.isPresent() ? id.get() : null;
    this.name = this.id instanceof SpiffeId.Service service ? service.name() : null;
    this.address = address;
  }

  /** The proven identity; null where there is none. */
  public @Nullable SpiffeId id() {
    return id;
  }

  /** The name of the service that calls, in whatever trust domain; null where it is no service. */
  public @Nullable ServiceName name() {
    return name;
  }

  /** The identity's URI; empty where there is none. */
  String uri() {
    String known = uri;
    if (known == null) {
      known = id == null ? "" : id.uri();
      uri = known;
    }
    return known;
  }

  /** The connection's source address, an IPv4 address that is written as IPv6 as IPv4. */
  InetAddress address() {
    InetAddress known = parsed;
    if (known == null) {
      int scope = address.indexOf('%');
      known = InetAddress.ofLiteral(scope < 0 ? address : address.substring(0, scope));
      parsed = known;
    }
    return known;
  }

  /** Who it is, for messages. */
  @Override
  public String toString() {
    return id == null ? "a caller without an identity at " + address : id.uri();
  }
}
