package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.util.Optional;

/**
 * What applications of this host may have for themselves, apart from the agent's own keys. Safe for
 * any thread; never waits.
 */
public interface ApplicationIdentities {
  /**
   * A local service's certificate for its applications, with a key of their own. The first question
   * begins to fetch it; it is renewed from then on.
   */
  Optional<Svid> svid(ServiceName service);

  /** Why there is no certificate yet, as a sentence. */
  Optional<String> problem(ServiceName service);

  /** The roots of this trust domain. Empty before the node has joined. */
  Optional<TrustRoots> roots();

  /** Calls back, on any thread, whenever one of the answers may have changed. */
  void onChange(Runnable listener);
}
