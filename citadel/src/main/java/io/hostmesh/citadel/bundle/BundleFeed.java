package io.hostmesh.citadel.bundle;

import io.hostmesh.api.v1.JwtAuthority;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.runtime.identity.Bundles;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.tls.TrustRoots;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Tells the trust bundle to all who follow it: at once, at every change, and again at every {@link
 * #repeat}, by which followers know that the stream is alive. Safe for any thread.
 */
public final class BundleFeed {
  private final Supplier<TrustRoots> roots;
  private final Supplier<List<JwtAuthority>> jwtAuthorities;
  private final Supplier<List<DomainBundle>> federated;
  private final Set<Consumer<TrustBundle>> followers = ConcurrentHashMap.newKeySet();

  /**
   * @param jwtAuthorities what JWT-SVIDs are signed with, by all citadels
   * @param federated the bundles of other trust domains
   */
  public BundleFeed(
      Supplier<TrustRoots> roots,
      Supplier<List<JwtAuthority>> jwtAuthorities,
      Supplier<List<DomainBundle>> federated) {
    this.roots = roots;
    this.jwtAuthorities = jwtAuthorities;
    this.federated = federated;
  }

  /** The bundle that holds now. */
  public TrustBundle current() {
    TrustBundle.Builder bundle =
        Bundles.message(roots.get()).toBuilder().addAllJwtAuthorities(jwtAuthorities.get());
    federated.get().forEach(domain -> bundle.addFederated(domain.message()));
    return bundle.build();
  }

  /**
   * In one order with {@link #repeat}, so that nobody ends with an older bundle.
   *
   * @return ends the following
   */
  public synchronized Runnable follow(Consumer<TrustBundle> follower) {
    followers.add(follower);
    follower.accept(current());
    return () -> followers.remove(follower);
  }

  /** Tells everyone what holds now. To be called at every change, too. */
  public synchronized void repeat() {
    TrustBundle bundle = current();
    followers.forEach(follower -> follower.accept(bundle));
  }

  public int followers() {
    return followers.size();
  }
}
