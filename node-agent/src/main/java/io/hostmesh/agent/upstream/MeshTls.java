package io.hostmesh.agent.upstream;

import io.hostmesh.agent.identity.Identities;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * TLS between agents: version 1.3, both sides show an SVID, ids are checked and host names are not.
 * A context is made once for a certificate and the roots, and again when either changes. Any
 * thread.
 */
public final class MeshTls {
  private record Key(ServiceName service, @Nullable MeshProtocol client) {}

  private record Made(Svid svid, TrustRoots roots, SslContext context) {
    @SuppressWarnings("ReferenceEquality") // A renewed certificate is another object.
    boolean isOf(Svid currentSvid, TrustRoots currentRoots) {
      return svid == currentSvid && roots == currentRoots;
    }
  }

  private final Identities identities;
  private final Clock clock;
  private final ConcurrentHashMap<Key, Made> contexts = new ConcurrentHashMap<>();

  public MeshTls(Identities identities, Clock clock) {
    this.identities = identities;
    this.clock = clock;
  }

  /**
   * For calls of a local service.
   *
   * @throws UpstreamException where the service has no certificate now
   */
  public SslContext client(ServiceName source, MeshProtocol protocol) throws UpstreamException {
    return context(new Key(source, protocol));
  }

  /**
   * For calls to a local service.
   *
   * @throws UpstreamException where the service has no certificate now
   */
  public SslContext server(ServiceName service) throws UpstreamException {
    return context(new Key(service, null));
  }

  private SslContext context(Key key) throws UpstreamException {
    TrustRoots roots = identities.roots().orElse(null);
    Svid svid = identities.svid(key.service()).orElse(null);
    if (roots == null || svid == null || !clock.instant().isBefore(svid.notAfter())) {
      throw new UpstreamException(
          new Failure(
              Failure.Kind.CONNECT_FAILED,
              svid == null || roots == null
                  ? key.service()
                      + " has no certificate yet; see \"hostmesh status\" and the agent's log for what"
                      + " citadel answered"
                  : "the certificate of "
                      + key.service()
                      + " has expired and citadel has not renewed it; see \"hostmesh status\""));
    }
    Made made = contexts.get(key);
    if (made == null || !made.isOf(svid, roots)) {
      made = new Made(svid, roots, make(key, svid));
      contexts.put(key, made);
    }
    return made.context();
  }

  private SslContext make(Key key, Svid svid) throws UpstreamException {
    X509Certificate[] chain = svid.chain().toArray(new X509Certificate[0]);
    MeshProtocol client = key.client();
    SpiffeTrustManager trust =
        new SpiffeTrustManager(
            () -> identities.roots().orElseThrow(),
            id -> id instanceof SpiffeId.Service,
            "a service of the mesh",
            clock);
    try {
      SslContextBuilder builder =
          client == null
              ? SslContextBuilder.forServer(svid.key(), chain)
                  .clientAuth(ClientAuth.REQUIRE)
                  .applicationProtocolConfig(
                      alpn(MeshProtocol.HTTP.alpn(), MeshProtocol.TCP.alpn()))
              : SslContextBuilder.forClient()
                  .keyManager(svid.key(), chain)
                  .endpointIdentificationAlgorithm(null)
                  .applicationProtocolConfig(alpn(client.alpn()));
      return builder
          .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
          .trustManager(trust)
          .protocols("TLSv1.3")
          .sessionCacheSize(1)
          .build();
    } catch (SSLException e) {
      throw new UpstreamException(
          new Failure(
              Failure.Kind.CONNECT_FAILED,
              "the certificate of " + key.service() + " cannot be used: " + e.getMessage()));
    }
  }

  private static ApplicationProtocolConfig alpn(String... protocols) {
    return new ApplicationProtocolConfig(
        Protocol.ALPN,
        SelectorFailureBehavior.NO_ADVERTISE,
        SelectedListenerFailureBehavior.ACCEPT,
        protocols);
  }

  /**
   * The service on the other end of a completed handshake, which has checked its chain.
   *
   * @throws CertificateException where it showed none that is valid now
   */
  public SpiffeId.Service peer(SslHandler tls) throws CertificateException {
    try {
      X509Certificate leaf = (X509Certificate) tls.engine().getSession().getPeerCertificates()[0];
      leaf.checkValidity(java.util.Date.from(clock.instant()));
      if (SvidVerifier.leafId(leaf) instanceof SpiffeId.Service service) {
        return service;
      }
      throw new CertificateException("the peer is no service");
    } catch (SSLPeerUnverifiedException e) {
      throw new CertificateException("the peer showed no certificate", e);
    }
  }
}
