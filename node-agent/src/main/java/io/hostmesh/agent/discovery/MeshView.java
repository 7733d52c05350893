package io.hostmesh.agent.discovery;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.limit.LeasedBucket;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.Upstream;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The mesh as this agent knows it at one moment: compiled, immutable, for any thread. A newer view
 * replaces it as a whole ({@link MeshSource#view()}).
 */
public interface MeshView {
  /** Empty until the first answer of a pilot, or the last good configuration on disk. */
  Optional<MeshSettings> settings();

  Collection<DirectoryEntry> directory();

  Optional<DirectoryEntry> byName(ServiceName service);

  /** The service that an original destination means: a virtual address or an instance's own. */
  Optional<DirectoryEntry> byDestination(InetSocketAddress destination);

  /**
   * The service's instances; empty while nobody has asked for them, see {@link MeshSource#need}.
   */
  Optional<List<Endpoint>> endpoints(ServiceName service);

  /** The service's route; empty where no rule says anything. */
  Optional<RouteTable> route(ServiceName service);

  /**
   * How calls to the service are shared, limited and protected; {@link Upstream#NONE} where no rule
   * says anything. The same object for as long as no rule that holds the service changes.
   */
  default Upstream upstream(ServiceName service) {
    return Upstream.NONE;
  }

  /**
   * Who may call a service of this host; empty where the mesh's default decides. The same object
   * for as long as no rule that holds the service changes.
   */
  Optional<AccessTable> access(ServiceName service);

  /** How a service of this host takes calls at its port. */
  MeshMode mode(ServiceName service, int port);

  /** Whose word on end users a service of this host takes; empty where it asks for none. */
  Optional<AuthenticationRule> authentication(ServiceName service);

  /** The key sets that those issuers' tokens are verified with, of all services of this host. */
  default Collection<JwtIssuer.Jwks> keySets() {
    return List.of();
  }

  /** How many requests a service of this host takes; empty where nothing limits it. */
  default Optional<LimitTable> limits(ServiceName service) {
    return Optional.empty();
  }

  /** This host's shares of mesh-wide limits; the same objects for as long as their limits stay. */
  default List<LeasedBucket> leased() {
    return List.of();
  }

  /** Who is asked beside, the narrowest rule first. */
  List<ExternalAuthorizationRule> external(ServiceName service);
}
