package io.hostmesh.runtime.identity;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Whom a host trusts before it has joined: a citadel whose chain leads to the root that the join
 * token names by its hash. The server sends the root along for this. Safe for any thread.
 */
final class PinnedRoot extends X509ExtendedTrustManager {
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

  private void check(X509Certificate[] chain) throws CertificateException {
    List<X509Certificate> certificates = List.of(chain);
    TrustRoots roots = new TrustRoots(trustDomain, vouched(certificates), 0);
    SpiffeId id = SvidVerifier.verify(certificates, roots, clock.instant());
    if (!id.equals(new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.CITADEL))) {
      throw new CertificateException("expected citadel, the peer is " + id);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("a join token vouches for servers only");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("a join token vouches for servers only");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a join token vouches for servers only");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
