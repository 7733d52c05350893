package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.util.Map;
import java.util.Optional;

/** The certificates that hold now. Safe for any thread; each call may see newer ones. */
public interface Identities {
  /**
   * A local service's certificate; the same object until it is renewed. Empty while there is none.
   */
  Optional<Svid> svid(ServiceName service);

  /** The roots; the same object until they change. Empty before the node has joined. */
  Optional<TrustRoots> roots();

  /** The roots of other trust domains by name, each for its own identities and no others. */
  Map<String, TrustRoots> foreignRoots();
}
