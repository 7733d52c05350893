package io.hostmesh.citadel.federation;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.ChainTrust;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/**
 * Trusts the one id that answers for another trust domain, below that domain's own roots and no
 * others (SPIFFE Federation section 5.2.2). Ids of other domains may have any shape.
 */
final class EndpointTrust extends ChainTrust {
  private final String endpointId;
  private final Supplier<List<X509Certificate>> roots;
  private final InstantSource clock;

  EndpointTrust(String endpointId, Supplier<List<X509Certificate>> roots, InstantSource clock) {
    this.endpointId = endpointId;
    this.roots = roots;
    this.clock = clock;
  }

  @Override
  protected void checkServer(List<X509Certificate> chain) throws CertificateException {
    SpiffeId shown =
        SvidVerifier.verifyForeign(
            chain, new TrustRoots(domain(), roots.get(), 0), clock.instant());
    if (!shown.uri().equals(endpointId)) {
      throw new CertificateException("expected " + endpointId + ", the endpoint shows " + shown);
    }
  }

  private String domain() {
    return SpiffeId.Foreign.parse(endpointId).trustDomain();
  }

  @Override
  protected void checkClient(List<X509Certificate> chain) throws CertificateException {
    throw new CertificateException("bundle endpoints are servers");
  }
}
