package io.hostmesh.agent.upstream;

import io.hostmesh.agent.identity.Identities;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.hostmesh.runtime.tls.TrustedDomains;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS between agents: version 1.3, both sides show an SVID, ids are checked and host names are not.
 * A context is made once for a certificate and the roots, and again when either changes, which also
 * ends the sessions that could be resumed. Any thread.
 */
public final class MeshTls {
  /** Tickets that a caller keeps for each of its contexts; a connection uses one and brings two. */
  private static final int TICKETS_KEPT = 256;

  private record Key(ServiceName service, @Nullable MeshProtocol client) {}

  private final Identities identities;
  private final Clock clock;
  private final Metrics metrics;
  private final boolean resumption;
  private final ConcurrentHashMap<Key, MeshContext> contexts = new ConcurrentHashMap<>();
  private final LiveTls live = new LiveTls();

  /**
   * @param resumption whether a connection may go on with the session of an earlier one
   */
  public MeshTls(Identities identities, Clock clock, Metrics metrics, boolean resumption) {
    this.identities = identities;
    this.clock = clock;
    this.metrics = metrics;
    this.resumption = resumption;
  }

  /**
   * For calls of a local service.
   *
   * @throws UpstreamException where the service has no certificate now
   */
  public MeshContext client(ServiceName source, MeshProtocol protocol) throws UpstreamException {
    return context(new Key(source, protocol));
  }

  /**
   * For calls to a local service.
   *
   * @throws UpstreamException where the service has no certificate now
   */
  public MeshContext server(ServiceName service) throws UpstreamException {
    return context(new Key(service, null));
  }

  /** Whether a local service has a certificate now that it could call with. */
  public boolean hasCertificate(ServiceName source) {
    return identities.roots().isPresent()
        && identities
            .svid(source)
            .filter(svid -> clock.instant().isBefore(svid.notAfter()))
            .isPresent();
  }

  /** Ends the connections of those who are denied, or vouched for no more, by what holds now. */
  public void rootsChanged() {
    identities.roots().ifPresent(roots -> live.close(roots.denied()));
    live.closeAbandoned(identities.foreignRoots(), clock.instant());
  }

  private MeshContext context(Key key) throws UpstreamException {
    TrustRoots roots = identities.roots().orElse(null);
    Svid svid = identities.svid(key.service()).orElse(null);
    if (svid == null) {
      contexts.remove(key); // The service has left; so does its key.
    }
    if (roots == null || svid == null || !clock.instant().isBefore(svid.notAfter())) {
      throw new UpstreamException(
          new Failure(
              Failure.Kind.CONNECT_FAILED,
              svid == null || roots == null
                  ? revoked(key.service(), roots)
                      .orElseGet(
                          () ->
                              key.service()
                                  + " has no certificate yet; see \"hostmesh status\" and the agent's log for what"
                                  + " citadel answered")
                  : "the certificate of "
                      + key.service()
                      + " has expired and citadel has not renewed it; see \"hostmesh status\""));
    }
    MeshContext made = contexts.get(key);
    return made != null && made.isOf(svid, roots) ? made : renewed(key, svid, roots);
  }

  private static Optional<String> revoked(ServiceName service, @Nullable TrustRoots roots) {
    return Optional.ofNullable(roots)
        .flatMap(known -> known.denied().denies(service))
        .map(why -> "the service " + service + " " + why);
  }

  /** One loop makes it, for all: another context would know nothing of the first one's tickets. */
  private synchronized MeshContext renewed(Key key, Svid svid, TrustRoots roots)
      throws UpstreamException {
    MeshContext made = contexts.get(key);
    if (made == null || !made.isOf(svid, roots)) {
      made =
          new MeshContext(
              svid,
              roots,
              make(key, svid),
              key.client() == null ? Call.Reporter.DESTINATION : Call.Reporter.SOURCE,
              resumption,
              identities,
              clock,
              metrics,
              live);
      contexts.put(key, made);
    }
    return made;
  }

  private SslContext make(Key key, Svid svid) throws UpstreamException {
    X509Certificate[] chain = svid.chain().toArray(new X509Certificate[0]);
    MeshProtocol client = key.client();
    SpiffeTrustManager trust = client == null ? callers() : called();
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
      SslContext context =
          builder
              .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
              .trustManager(trust)
              .protocols("TLSv1.3")
              .sessionCacheSize(OpenSsl.isAvailable() ? TICKETS_KEPT : 1)
              .sessionTimeout(
                  Math.max(1, Duration.between(clock.instant(), svid.notAfter()).toSeconds()))
              .build();
      if (context instanceof ReferenceCountedOpenSslContext openSsl) {
        openSsl.sessionContext().setSessionCacheEnabled(resumption);
      }
      return context;
    } catch (SSLException e) {
      throw new UpstreamException(
          new Failure(
              Failure.Kind.CONNECT_FAILED,
              "the certificate of " + key.service() + " cannot be used: " + e.getMessage()));
    }
  }

  /** Of other trust domains too; access rules say where they may go. */
  private SpiffeTrustManager callers() {
    return SpiffeTrustManager.ofDomains(
        () -> new TrustedDomains(identities.roots().orElseThrow(), identities.foreignRoots()),
        id -> id instanceof SpiffeId.Service || id instanceof SpiffeId.Foreign,
        "a service of the mesh, or of a trust domain that it federates with",
        clock);
  }

  private SpiffeTrustManager called() {
    return new SpiffeTrustManager(
        () -> identities.roots().orElseThrow(),
        id -> id instanceof SpiffeId.Service,
        "a service of the mesh",
        clock);
  }

  private static ApplicationProtocolConfig alpn(String... protocols) {
    return new ApplicationProtocolConfig(
        Protocol.ALPN,
        SelectorFailureBehavior.NO_ADVERTISE,
        SelectedListenerFailureBehavior.ACCEPT,
        protocols);
  }
}
