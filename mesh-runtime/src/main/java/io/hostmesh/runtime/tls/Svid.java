package io.hostmesh.runtime.tls;

import io.hostmesh.model.SpiffeId;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A certificate that proves an identity, and its key (SPIFFE X.509-SVID).
 *
 * @param chain the leaf first, without the root
 */
public record Svid(SpiffeId id, List<X509Certificate> chain, PrivateKey key) {
  public Svid {
    chain = List.copyOf(chain);
  }

  public X509Certificate leaf() {
    return chain.getFirst();
  }

  public Instant notBefore() {
    return leaf().getNotBefore().toInstant();
  }

  public Instant notAfter() {
    return leaf().getNotAfter().toInstant();
  }

  /** Never the key. */
  @Override
  public String toString() {
    return id + " until " + notAfter();
  }
}
