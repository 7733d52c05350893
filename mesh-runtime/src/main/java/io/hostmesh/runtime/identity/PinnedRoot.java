package io.hostmesh.runtime.identity;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.ChainTrust;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;

/**
 * Whom a host trusts before it has joined: a citadel whose chain leads to the root that the join
 * token names by its hash. The server sends the root along for this. Safe for any thread.
 */
final class PinnedRoot extends ChainTrust {
  private final String trustDomain;
  private final String fingerprint;
  private final InstantSource clock;

  PinnedRoot(String trustDomain, String fingerprint, InstantSource clock) {
    this.trustDomain = trustDomain;
    this.fingerprint = fingerprint;
    this.clock = clock;
  }

  /** The roots among certificates that the token vouches for: one or none. */
  List<X509Certificate> vouched(List<X509Certificate> certificates) throws CertificateException {
    for (X509Certificate certificate : certificates) {
      if (JoinToken.fingerprint(certificate).equals(fingerprint)) {
        return List.of(certificate);
      }
    }
    throw new CertificateException(
        "the server's certificate does not lead to the root that the join token names; "
            + "is this address really the citadel that made the token?");
  }

  @Override
  protected void checkServer(List<X509Certificate> chain) throws CertificateException {
    TrustRoots roots = new TrustRoots(trustDomain, vouched(chain), 0);
    SpiffeId id = SvidVerifier.verify(chain, roots, clock.instant());
    if (!id.equals(new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.CITADEL))) {
      throw new CertificateException("expected citadel, the peer is " + id);
    }
  }

  @Override
  protected void checkClient(List<X509Certificate> chain) throws CertificateException {
    throw new CertificateException("a join token vouches for servers only");
  }
}
