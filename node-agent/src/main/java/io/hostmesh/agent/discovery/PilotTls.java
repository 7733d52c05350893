package io.hostmesh.agent.discovery;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.MeshClient;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Vertx;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.grpc.client.GrpcClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Mutual TLS towards pilot: this node's certificate, and pilot's own identity expected. */
public final class PilotTls {
  private static final Duration CONNECTING = Duration.ofSeconds(3);

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
    return GrpcClient.client(
        vertx,
        MeshClient.options(trust, CONNECTING)
            .setKeyCertOptions(KeyCertOptions.wrap(new SvidKeyManager(node))));
  }
}
