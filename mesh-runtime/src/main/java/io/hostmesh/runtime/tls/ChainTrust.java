package io.hostmesh.runtime.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trust decided by the peer's chain alone, whatever the socket and the host name. As an extended
 * trust manager it is also left alone by the JDK, which would add checks of host names to others.
 * Safe for any thread as its decisions are.
 */
public abstract class ChainTrust extends X509ExtendedTrustManager {

  /**
   * Whether a client may come in.
   *
   * @param chain the leaf first
   * @throws CertificateException with the reason where it may not
   */
  protected abstract void checkClient(List<X509Certificate> chain) throws CertificateException;

  /**
   * Whether a server may be talked with.
   *
   * @param chain the leaf first
   * @throws CertificateException with the reason where it may not
   */
  protected abstract void checkServer(List<X509Certificate> chain) throws CertificateException;

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    checkClient(List.of(chain));
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkClient(List.of(chain));
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkClient(List.of(chain));
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    checkServer(List.of(chain));
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkServer(List.of(chain));
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkServer(List.of(chain));
  }

  /** None: peers choose their certificate by themselves, and names here would go stale. */
  @Override
  public final X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
