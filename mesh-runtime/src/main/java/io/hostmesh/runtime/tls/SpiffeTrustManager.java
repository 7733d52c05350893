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
  private final Judge judge;
  private final Predicate<SpiffeId> accepted;
  private final String expectation;

  private interface Judge {
    SpiffeId id(List<X509Certificate> chain) throws CertificateException;
  }

  private SpiffeTrustManager(Judge judge, Predicate<SpiffeId> accepted, String expectation) {
    this.judge = judge;
    this.accepted = accepted;
    this.expectation = expectation;
  }

  /**
   * For peers of one trust domain.
   *
   * @param accepted which ids may be on the other end
   * @param expectation the same for messages, for instance "pilot"
   */
  public SpiffeTrustManager(
      Supplier<TrustRoots> roots,
      Predicate<SpiffeId> accepted,
      String expectation,
      InstantSource clock) {
    this(chain -> SvidVerifier.verify(chain, roots.get(), clock.instant()), accepted, expectation);
  }

  /** For peers of any of several trust domains, each judged by the roots of its own. */
  public static SpiffeTrustManager ofDomains(
      Supplier<TrustedDomains> domains,
      Predicate<SpiffeId> accepted,
      String expectation,
      InstantSource clock) {
    return new SpiffeTrustManager(
        chain -> SvidVerifier.verify(chain, domains.get(), clock.instant()), accepted, expectation);
  }

  private void check(List<X509Certificate> chain) throws CertificateException {
    SpiffeId id = judge.id(chain);
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
