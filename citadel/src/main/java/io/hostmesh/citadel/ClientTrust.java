package io.hostmesh.citadel;

import io.hostmesh.citadel.issue.Asker;
import io.hostmesh.runtime.tls.TrustRoots;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets in whom {@link Asker} can name, expired certificates included: what an asker may have is
 * decided with each request, and a node that was away for long must be able to renew. Safe for any
 * thread.
 */
final class ClientTrust extends X509ExtendedTrustManager {
  private final Supplier<TrustRoots> roots;
  private final InstantSource clock;

  ClientTrust(Supplier<TrustRoots> roots, InstantSource clock) {
    this.roots = roots;
    this.clock = clock;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    Asker.of(List.of(chain), roots.get(), clock.instant());
  }

  private static CertificateException noServers() {
    return new CertificateException("citadel calls no servers");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw noServers();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw noServers();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw noServers();
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
