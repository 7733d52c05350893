package io.hostmesh.runtime.tls;

import io.hostmesh.model.SpiffeId;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Accepts peers by SPIFFE ID, never by host name. The roots are asked for at every handshake, so a
 * rotation needs no new context. Safe for any thread as its suppliers are.
 */
public final class SpiffeTrustManager extends X509ExtendedTrustManager {
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

  private void check(X509Certificate[] chain) throws CertificateException {
    SpiffeId id = SvidVerifier.verify(chain, roots.get(), clock.instant());
    if (!accepted.test(id)) {
      throw new CertificateException("expected " + expectation + ", the peer is " + id);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  /** None: peers choose their certificate by themselves, and names here would go stale. */
  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
