package io.hostmesh.agent.discovery;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.grpc.client.GrpcClient;
import java.time.InstantSource;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Mutual TLS towards pilot: this node's certificate, and pilot's own identity expected. */
public final class PilotTls {
  private static final int CONNECT_MILLIS = 3_000;

  private PilotTls() {}

  /**
   * @param node this node's certificate at each handshake; null before it has joined, so that pilot
   *     refuses
   * @param roots likewise
   */
  public static GrpcClient client(
      Vertx vertx, Supplier<@Nullable Svid> node, Supplier<TrustRoots> roots, InstantSource clock) {
    SpiffeTrustManager trust =
        new SpiffeTrustManager(
            roots,
            id ->
                id instanceof SpiffeId.Control control
                    && control.role() == SpiffeId.Control.Role.PILOT,
            "pilot",
            clock);
    HttpClientOptions options =
        new HttpClientOptions()
            .setSsl(true)
            .setUseAlpn(true)
            .setVerifyHost(false) // The SPIFFE ID is verified instead.
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
            .setKeyCertOptions(KeyCertOptions.wrap(new SvidKeyManager(node)))
            .setTrustOptions(TrustOptions.wrap(trust))
            .setConnectTimeout(CONNECT_MILLIS)
            .setSslHandshakeTimeout(CONNECT_MILLIS)
            .setSslHandshakeTimeoutUnit(java.util.concurrent.TimeUnit.MILLISECONDS);
    return GrpcClient.client(vertx, options);
  }
}
