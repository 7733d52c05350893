package io.hostmesh.runtime.identity;

import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The identity and the roots that hold now. Written on one context, read by any thread. */
final class CurrentIdentity {
  private volatile @Nullable Svid svid;
  private volatile Optional<TrustRoots> roots = Optional.empty();

  @Nullable Svid svid() {
    return svid;
  }

  Optional<TrustRoots> roots() {
    return roots;
  }

  void svid(Svid renewed) {
    svid = renewed;
  }

  /**
   * Takes newer roots and newer denials; returns whether anything changed. Of neither is a lower
   * sequence ever taken.
   */
  boolean roots(TrustRoots heard) {
    Optional<TrustRoots> held = roots;
    TrustRoots merged = held.map(before -> before.merged(heard)).orElse(heard);
    if (held.isPresent() && merged.equals(held.get())) {
      return false;
    }
    roots = Optional.of(merged);
    return true;
  }
}
