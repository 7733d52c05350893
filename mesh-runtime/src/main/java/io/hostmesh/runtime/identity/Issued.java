package io.hostmesh.runtime.identity;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/**
 * What citadel answers to a certificate request.
 *
 * @param chain the leaf first, without the root
 */
public record Issued(List<X509Certificate> chain, TrustRoots roots) {
  public Issued {
    chain = List.copyOf(chain);
  }

  /**
   * Believes nothing of the answer that the asker can judge by itself.
   *
   * @param pair whose certificate was asked for
   * @param expected whether an id is the one that was asked for
   * @throws CertificateException where the chain is not valid, or for another key or id
   */
  Svid proven(KeyPair pair, Predicate<SpiffeId> expected, TrustRoots trusted, Instant now)
      throws CertificateException {
    SpiffeId id = SvidVerifier.verify(chain, trusted, now);
    if (!expected.test(id) || !chain.getFirst().getPublicKey().equals(pair.getPublic())) {
      throw new CertificateException(
          "citadel answered with a certificate of " + id + " for another key or id");
    }
    return new Svid(id, chain, pair.getPrivate());
  }
}
