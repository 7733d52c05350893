package io.hostmesh.agent.upstream;

import io.hostmesh.agent.identity.Identities;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import io.hostmesh.runtime.tls.TrustedDomains;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.internal.tcnative.SSL;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;

/**
 * TLS with one certificate and one set of roots. Its sessions are its own: tickets are kept by the
 * server's name, which is an instance of a service, and sealed with keys that nobody else has. So
 * they end with the certificate and the roots under which they were made. Any thread.
 */
public final class MeshContext {
  private final Svid svid;
  private final TrustRoots roots;
  private final SslContext context;
  private final Call.Reporter side;
  private final boolean resumption;
  private final Identities identities;
  private final Clock clock;
  private final Metrics metrics;
  private final LiveTls live;

  MeshContext(
      Svid svid,
      TrustRoots roots,
      SslContext context,
      Call.Reporter side,
      boolean resumption,
      Identities identities,
      Clock clock,
      Metrics metrics,
      LiveTls live) {
    this.svid = svid;
    this.roots = roots;
    this.context = context;
    this.side = side;
    this.resumption = resumption;
    this.identities = identities;
    this.clock = clock;
    this.metrics = metrics;
    this.live = live;
  }

  @SuppressWarnings("ReferenceEquality") // A renewed certificate is another object.
  boolean isOf(Svid currentSvid, TrustRoots currentRoots) {
    return svid == currentSvid && roots == currentRoots;
  }

  /** For a connection to an instance; a session of an earlier one to the same is resumed. */
  SslHandler client(ByteBufAllocator alloc, MeshSni name, int port) {
    return context.newHandler(alloc, name.host(), port);
  }

  /** For a connection from another agent. */
  public SslHandler server(ByteBufAllocator alloc) {
    SslHandler handler = context.newHandler(alloc);
    if (!resumption && handler.engine() instanceof ReferenceCountedOpenSslEngine engine) {
      SSL.setOptions(engine.sslPointer(), SSL.SSL_OP_NO_TICKET);
    }
    return handler;
  }

  /**
   * {@link #peer(SslHandler)} of a connection that is closed when either end's certificate is
   * revoked.
   *
   * @throws CertificateException likewise
   */
  public SpiffeId peer(SslHandler tls, Channel channel) throws CertificateException {
    Map<String, TrustRoots> foreign = identities.foreignRoots();
    SpiffeId peer = peer(tls, foreign);
    live.opened(channel, peer, chain(tls), foreign.get(peer.trustDomain()), svid);
    // A revocation, or another bundle, may have come between the two.
    live.recheck(
        channel,
        identities.roots().orElseThrow().denied(),
        identities.foreignRoots(),
        clock.instant());
    return peer;
  }

  /**
   * Who is on the other end of a completed handshake: a service, or of callers a {@link
   * SpiffeId.Foreign} of a trust domain that this one federates with. A resumed session brings the
   * chain of the one that it began with, which must still hold, under the roots that there are now.
   *
   * @throws CertificateException where it showed none that is valid now
   */
  public SpiffeId peer(SslHandler tls) throws CertificateException {
    return peer(tls, identities.foreignRoots());
  }

  private SpiffeId peer(SslHandler tls, Map<String, TrustRoots> foreign)
      throws CertificateException {
    TrustRoots own = identities.roots().orElseThrow();
    SpiffeId id =
        side == Call.Reporter.SOURCE
            ? SvidVerifier.verify(chain(tls), own, clock.instant())
            : SvidVerifier.verify(chain(tls), new TrustedDomains(own, foreign), clock.instant());
    if (!(id instanceof SpiffeId.Service || id instanceof SpiffeId.Foreign)) {
      throw new CertificateException("the peer is no service");
    }
    boolean resumed = isResumed(tls);
    if (side == Call.Reporter.SOURCE && !resumed) {
      forget(tls.engine());
    }
    metrics.handshake(side, resumed);
    return id;
  }

  /**
   * The SHA-256 of the certificate that the other end of a handshake showed, in hexadecimal.
   *
   * @throws CertificateException where it showed none
   */
  public static String fingerprint(SslHandler tls) throws CertificateException {
    try {
      byte[] der = chain(tls).getFirst().getEncoded();
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * A full handshake means that there were no tickets of this server, or that it takes them no more
   * (it has a new certificate, or began anew): offering the others would cost one more each.
   */
  private void forget(SSLEngine engine) {
    SSLSessionContext sessions = context.sessionContext();
    for (byte[] id : Collections.list(sessions.getIds())) {
      SSLSession session = sessions.getSession(id);
      if (session != null
          && session.getPeerPort() == engine.getPeerPort()
          && session.getPeerHost().equalsIgnoreCase(engine.getPeerHost())) {
        session.invalidate();
      }
    }
  }

  private static List<X509Certificate> chain(SslHandler tls) throws CertificateException {
    try {
      return Arrays.stream(tls.engine().getSession().getPeerCertificates())
          .map(X509Certificate.class::cast)
          .toList();
    } catch (SSLPeerUnverifiedException e) {
      throw new CertificateException("the peer showed no certificate", e);
    }
  }

  /** Whether the handshake went without certificates; the JDK's own TLS does not tell. */
  private static boolean isResumed(SslHandler tls) {
    return tls.engine() instanceof ReferenceCountedOpenSslEngine engine
        && engine.sslPointer() != 0
        && SSL.isSessionReused(engine.sslPointer());
  }
}
