package io.hostmesh.citadel;

import io.hostmesh.citadel.issue.Asker;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.ChainTrust;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/**
 * Lets in whom {@link Asker} can name, expired certificates included: what an asker may have is
 * decided with each request, and a node that was away for long must be able to renew. Safe for any
 * thread.
 */
final class ClientTrust extends ChainTrust {
  private final Supplier<TrustRoots> roots;
  private final InstantSource clock;

  ClientTrust(Supplier<TrustRoots> roots, InstantSource clock) {
    this.roots = roots;
    this.clock = clock;
  }

  @Override
  protected void checkClient(List<X509Certificate> chain) throws CertificateException {
    Asker asker = Asker.of(chain, roots.get(), clock.instant());
    if (asker.id() instanceof SpiffeId.Operator) {
      throw new CertificateException(asker.id() + " is good at admin doors only");
    }
  }

  @Override
  protected void checkServer(List<X509Certificate> chain) throws CertificateException {
    throw new CertificateException("citadel calls no servers");
  }
}
