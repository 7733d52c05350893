package io.hostmesh.runtime.admin;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.ChainTrust;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.math.BigInteger;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/**
 * Lets operators in, and nobody else: no service, node or part of the control plane. Says on the
 * log whom it refused. Safe for any thread as its suppliers are.
 */
final class OperatorTrust extends ChainTrust {
  private static final System.Logger LOG = System.getLogger(OperatorTrust.class.getName());

  private final Supplier<TrustRoots> roots;
  private final BiPredicate<SpiffeId, BigInteger> revoked;
  private final InstantSource clock;

  OperatorTrust(
      Supplier<TrustRoots> roots, BiPredicate<SpiffeId, BigInteger> revoked, InstantSource clock) {
    this.roots = roots;
    this.revoked = revoked;
    this.clock = clock;
  }

  /**
   * @throws CertificateException where the chain proves no operator now
   */
  SpiffeId.Operator operator(List<X509Certificate> chain) throws CertificateException {
    SpiffeId id = SvidVerifier.verify(chain, roots.get(), clock.instant());
    if (!(id instanceof SpiffeId.Operator operator)) {
      throw new CertificateException("expected an operator, the peer is " + id);
    }
    if (revoked.test(id, chain.getFirst().getSerialNumber())) {
      throw new CertificateException("the certificate of " + id + " was revoked");
    }
    return operator;
  }

  @Override
  protected void checkClient(List<X509Certificate> chain) throws CertificateException {
    try {
      SpiffeId.Operator _ = operator(chain);
    } catch (CertificateException e) {
      LOG.log(System.Logger.Level.WARNING, "refused at the remote admin door: " + e.getMessage());
      throw e;
    }
  }

  @Override
  protected void checkServer(List<X509Certificate> chain) throws CertificateException {
    throw new CertificateException("an admin door calls no servers");
  }
}
