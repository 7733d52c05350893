package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
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

  /**
   * A JWT-SVID of a local service for its applications; an earlier one until half of its life.
   *
   * @return fails with {@link io.hostmesh.runtime.identity.CitadelException}
   */
  Future<JwtIssued> jwt(ServiceName service, List<String> audience);

  /** What JWT-SVIDs are judged by, by trust domain. Empty before citadel was heard. */
  Map<String, List<JwtAuthority>> jwtAuthorities();

  /** What identities of other trust domains are judged by, each by its own. */
  List<DomainBundle> federated();

  /** Calls back, on any thread, whenever one of the answers may have changed. */
  void onChange(Runnable listener);
}
