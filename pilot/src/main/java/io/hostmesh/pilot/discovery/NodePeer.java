package io.hostmesh.pilot.discovery;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.vertx.core.http.HttpConnection;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The node at the other end of a connection, by its certificate.
 *
 * @param address where it connects from, for people
 */
record NodePeer(String node, String address, Instant notAfter) {

  /**
   * Reads the certificate that the handshake has verified.
   *
   * @throws CertificateException where it has expired since (a resumed session is not verified
   *     anew), or is no node's
   */
  static NodePeer of(HttpConnection connection, Instant now) throws CertificateException {
    SSLSession session = connection.sslSession();
    if (session == null) {
      throw new CertificateException("the connection has no TLS");
    }
    try {
      List<X509Certificate> chain =
          Arrays.stream(session.getPeerCertificates()).map(X509Certificate.class::cast).toList();
      X509Certificate leaf = chain.getFirst();
      if (SvidVerifier.leafId(leaf) instanceof SpiffeId.Node node) {
        Instant notAfter = leaf.getNotAfter().toInstant();
        if (now.isAfter(notAfter)) {
          throw new CertificateException("the certificate expired at " + notAfter);
        }
        return new NodePeer(node.node(), String.valueOf(connection.remoteAddress()), notAfter);
      }
      throw new CertificateException("the certificate is not a node's");
    } catch (SSLPeerUnverifiedException e) {
      throw new CertificateException("no certificate was shown", e);
    }
  }
}
