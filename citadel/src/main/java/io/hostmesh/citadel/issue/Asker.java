package io.hostmesh.citadel.issue;

import io.hostmesh.citadel.Refusal;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * Who is at the other end of a connection, by the certificate whose key the TLS handshake proved.
 *
 * @param expired when it expired; {@link Instant#MAX} where it holds
 */
public record Asker(SpiffeId id, X509Certificate leaf, Instant expired) {

  /**
   * Judges a chain. An expired one counts as of its last moment, so that a node that was away can
   * renew; each request decides whether that is enough, and refuses who is denied with the reason.
   *
   * @throws CertificateException where it is none of this mesh
   */
  public static Asker of(List<X509Certificate> chain, TrustRoots roots, Instant now)
      throws CertificateException {
    if (chain.isEmpty()) {
      throw new CertificateException("no certificate was shown");
    }
    Instant end = chain.getFirst().getNotAfter().toInstant();
    boolean isExpired = now.isAfter(end);
    SpiffeId id =
        SvidVerifier.verify(
            chain,
            new TrustRoots(roots.trustDomain(), roots.roots(), roots.sequence()),
            isExpired ? end : now);
    return new Asker(id, chain.getFirst(), isExpired ? end : Instant.MAX);
  }

  /** The fingerprint of the key that was proven. */
  public String key() {
    return KeyPairs.fingerprint(leaf.getPublicKey());
  }

  public boolean isExpired() {
    return !expired.equals(Instant.MAX);
  }

  /**
   * @throws Refusal where the certificate has expired
   */
  void requireValid() {
    if (isExpired()) {
      throw new Refusal(
          Refusal.Reason.NOT_ACCEPTED,
          "the certificate of "
              + id
              + " expired at "
              + expired
              + " by citadel's clock; it must be renewed first, or a clock is wrong");
    }
  }
}
