package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.authority.Profiles.Signer;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The authority that does the daily work: its key, its certificate, and those between it and the
 * root.
 *
 * @param chain the own certificate first, without the root
 */
record Intermediate(List<X509Certificate> chain, PrivateKey key) {
  Intermediate {
    chain = List.copyOf(chain);
  }

  X509Certificate certificate() {
    return chain.getFirst();
  }

  Signer signer() {
    return new Signer(certificate(), key);
  }

  /** Never the key. */
  @Override
  public String toString() {
    return "intermediate "
        + certificate().getSerialNumber().toString(16)
        + " until "
        + certificate().getNotAfter().toInstant();
  }
}
