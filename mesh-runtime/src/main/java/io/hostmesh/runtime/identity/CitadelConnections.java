package io.hostmesh.runtime.identity;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.MeshClient;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.grpc.client.GrpcClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.3 to citadel, mutual once there is a certificate. A new connection is made whenever the own
 * certificate was renewed, so that no resumed session shows an old one. Safe for any thread.
 */
final class CitadelConnections implements AutoCloseable {
  private static final Duration LONGEST_CONNECT = Duration.ofSeconds(3);

  private final Vertx vertx;
  private final String trustDomain;
  private final Duration timeout;
  private final CurrentIdentity identity;
  private final InstantSource clock;

  private @Nullable Connection connection;
  private boolean closed;

  private record Connection(Svid shown, GrpcClient grpc) {}

  /**
   * @param timeout of a call, for which an old connection is kept
   */
  CitadelConnections(
      Vertx vertx,
      String trustDomain,
      Duration timeout,
      CurrentIdentity identity,
      InstantSource clock) {
    this.vertx = vertx;
    this.trustDomain = trustDomain;
    this.timeout = timeout;
    this.identity = identity;
    this.clock = clock;
  }

  /** A connection of those who have no certificate yet; theirs to close. */
  GrpcClient unauthenticated(PinnedRoot trust) {
    return GrpcClient.client(vertx, options(trust));
  }

  /** The connection that shows the certificate that holds now. */
  synchronized Future<GrpcClient> authenticated() {
    Svid svid = identity.svid();
    if (closed || svid == null) {
      return Future.failedFuture(
          new CitadelException(
              CitadelException.Kind.NOT_ACCEPTED,
              closed ? "the client is closed" : "this host has not joined the mesh yet"));
    }
    Connection current = connection;
    if (current == null || !current.shown().equals(svid)) {
      if (current != null) {
        retire(current.grpc());
      }
      current = new Connection(svid, GrpcClient.client(vertx, mutual(svid)));
      connection = current;
    }
    return Future.succeededFuture(current.grpc());
  }

  /** What is under way on it may end first. */
  private void retire(GrpcClient grpc) {
    vertx.setTimer(timeout.toMillis(), _ -> grpc.close());
  }

  private HttpClientOptions mutual(Svid svid) {
    SpiffeTrustManager trust =
        new SpiffeTrustManager(
            () -> identity.roots().orElse(new TrustRoots(trustDomain, List.of(), 0)),
            new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.CITADEL)::equals,
            "citadel",
            clock);
    return options(trust).setKeyCertOptions(KeyCertOptions.wrap(new SvidKeyManager(() -> svid)));
  }

  private HttpClientOptions options(X509TrustManager trust) {
    return MeshClient.options(
        trust, timeout.compareTo(LONGEST_CONNECT) < 0 ? timeout : LONGEST_CONNECT);
  }

  synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (connection != null) {
      connection.grpc().close();
    }
  }
}
