package io.hostmesh.runtime.tls;

import io.hostmesh.model.SpiffeId;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Accepts peers by SPIFFE ID, never by host name. The roots are asked for at every handshake, so a
 * rotation needs no new context. Safe for any thread as its suppliers are.
 */
public final class SpiffeTrustManager extends ChainTrust {
  private final Supplier<TrustRoots> roots;
  private final Predicate<SpiffeId> accepted;
  private final String expectation;
  private final InstantSource clock;

  /**
   * @param accepted which ids may be on the other end
   * @param expectation the same for messages, for instance "pilot"
   */
  public SpiffeTrustManager(
      Supplier<TrustRoots> roots,
      Predicate<SpiffeId> accepted,
      String expectation,
      InstantSource clock) {
    this.roots = roots;
    this.accepted = accepted;
    this.expectation = expectation;
    this.clock = clock;
  }

  private void check(List<X509Certificate> chain) throws CertificateException {
    SpiffeId id = SvidVerifier.verify(chain, roots.get(), clock.instant());
    if (!accepted.test(id)) {
      throw new CertificateException("expected " + expectation + ", the peer is " + id);
    }
  }

  @Override
  protected void checkClient(List<X509Certificate> chain) throws CertificateException {
    check(chain);
  }

  @Override
  protected void checkServer(List<X509Certificate> chain) throws CertificateException {
    check(chain);
  }
}
