package io.hostmesh.runtime.identity;

import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.function.Consumer;

/**
 * What can be asked of citadel. Every future completes within a bounded time and fails with {@link
 * CitadelException} only. Safe for any thread.
 */
public interface Citadel extends AutoCloseable {
  /**
   * Joins with a token. The server is accepted by the root that the token names.
   *
   * @param node the host's name; empty for a pilot
   */
  Future<Issued> join(JoinToken token, String node, byte[] csr);

  /**
   * Joins without a token.
   *
   * @param attestor proves who this host is; what it throws fails the future as it is
   */
  Future<Issued> join(NodeAttestor attestor, String node, byte[] csr);

  /** Renews the certificate that the caller shows; the request must be for the same key. */
  Future<Issued> renew(byte[] csr);

  /** A certificate for a service that the calling node is entitled to. */
  Future<Issued> issue(ServiceName service, byte[] csr);

  /** A JWT-SVID for a service that the calling node is entitled to, for these audiences. */
  Future<JwtIssued> issueJwt(ServiceName service, Collection<String> audience);

  /**
   * Follows the trust bundle for as long as the client is open, over any outage.
   *
   * @param listener called on an event loop with each bundle that is heard, also where it has not
   *     changed
   * @param whole likewise, with all that the bundle holds
   */
  void watchBundle(Consumer<TrustRoots> listener, Consumer<TrustBundle> whole);

  /**
   * Says that the roots that hold now are on disk: citadel waits for this before another root
   * signs.
   */
  void rootsKept();

  /** Ends all connections; quiet after that. */
  @Override
  void close();
}
