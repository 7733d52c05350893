package io.hostmesh.pilot.discovery;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.vertx.core.http.HttpConnection;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The node at the other end of a connection, by its certificate.
 *
 * @param address where it connects from, for people
 */
record NodePeer(SpiffeId.Node id, X509Certificate leaf, String address) {
  String node() {
    return id.node();
  }

  Instant notAfter() {
    return leaf.getNotAfter().toInstant();
  }

  /** Why its certificate holds no more; empty where it does. */
  Optional<String> deniedBy(DenyList denied) {
    return denied.denies(id, leaf).map(why -> "the certificate of node " + node() + " " + why);
  }

  /**
   * Reads the certificate that the handshake has verified.
   *
   * @throws CertificateException where it has expired or was revoked since (a resumed session is
   *     not verified anew), or is no node's
   */
  static NodePeer of(HttpConnection connection, DenyList denied, Instant now)
      throws CertificateException {
    SSLSession session = connection.sslSession();
    if (session == null) {
      throw new CertificateException("the connection has no TLS");
    }
    try {
      List<X509Certificate> chain =
          Arrays.stream(session.getPeerCertificates()).map(X509Certificate.class::cast).toList();
      X509Certificate leaf = chain.getFirst();
      if (SvidVerifier.leafId(leaf) instanceof SpiffeId.Node node) {
        NodePeer peer = new NodePeer(node, leaf, String.valueOf(connection.remoteAddress()));
        if (now.isAfter(peer.notAfter())) {
          throw new CertificateException("the certificate expired at " + peer.notAfter());
        }
        Optional<String> refusal = peer.deniedBy(denied);
        if (refusal.isPresent()) {
          throw new CertificateException(refusal.get());
        }
        return peer;
      }
      throw new CertificateException("the certificate is not a node's");
    } catch (SSLPeerUnverifiedException e) {
      throw new CertificateException("no certificate was shown", e);
    }
  }
}
