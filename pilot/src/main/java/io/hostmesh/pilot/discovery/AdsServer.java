package io.hostmesh.pilot.discovery;

import io.hostmesh.api.Contract;
import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.api.v1.StatusReply;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.pilot.quota.Lessor;
import io.hostmesh.pilot.snapshot.Snapshot;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.MeshServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Serves agents: incremental xDS, their reports and leases of quota, gRPC over mutual TLS 1.3. Only
 * nodes of the mesh get in. Safe for any thread.
 */
public final class AdsServer {
  private static final System.Logger LOG = System.getLogger(AdsServer.class.getName());

  private final Vertx vertx;
  private final AgentBook book;
  private final Lessor lessor;
  private final String identifier;
  private final InstantSource clock;
  private final Supplier<DenyList> denied;
  private final Set<AgentStream> streams = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Snapshot newest;

  /**
   * @param lessor answers for mesh-wide limits
   * @param version of pilot, announced to agents
   * @param denied whose certificates were revoked, as is known now
   */
  public AdsServer(
      Vertx vertx,
      AgentBook book,
      Lessor lessor,
      String version,
      InstantSource clock,
      Supplier<DenyList> denied) {
    this.vertx = vertx;
    this.lessor = lessor;
    this.book = book;
    this.identifier = Contract.pilot(version);
    this.clock = clock;
    this.denied = denied;
  }

  /** Hands out this snapshot from now on. */
  public void publish(Snapshot snapshot) {
    newest = snapshot;
    streams.forEach(AgentStream::show);
  }

  /** Others are revoked: their streams end. */
  public void revocationsChanged() {
    DenyList now = denied.get();
    streams.forEach(stream -> stream.recheck(now));
  }

  /**
   * Listens.
   *
   * @param keys pilot's own SVID
   * @param trust lets nodes in
   * @return fails with {@link UserError} where the address cannot be had
   */
  public Future<HttpServer> listen(HostPort address, X509KeyManager keys, X509TrustManager trust) {
    GrpcServer grpc =
        GrpcServer.server(
                vertx, new GrpcServerOptions().setMaxMessageSize(Contract.MAX_MESSAGE_BYTES))
            .callHandler(Methods.DELTA.server(), this::stream)
            .callHandler(Methods.REPORT.server(), this::report)
            .callHandler(Methods.LEASE.server(), this::lease);
    return new MeshServer(keys, trust, ClientAuth.REQUIRED).listen(vertx, address, grpc);
  }

  private void stream(GrpcServerRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> request) {
    NodePeer peer = peer(request);
    if (peer == null) {
      return;
    }
    // The stream is in the set before it looks for a snapshot, so it misses none.
    AgentStream[] self = new AgentStream[1];
    AgentStream stream =
        new AgentStream(
            vertx,
            request,
            peer,
            () -> Optional.ofNullable(newest),
            book,
            identifier,
            clock,
            () -> streams.remove(self[0]));
    self[0] = stream;
    streams.add(stream);
    stream.open();
    stream.recheck(denied.get()); // It may have been revoked before the stream was in the set.
    stream.show();
  }

  private void report(GrpcServerRequest<StatusReport, StatusReply> request) {
    NodePeer peer = peer(request);
    if (peer == null) {
      return;
    }
    request.handler(
        report -> {
          if (report.getNode().equals(peer.node())) {
            book.report(peer.node(), report);
            request.response().end(StatusReply.getDefaultInstance());
          } else {
            request
                .response()
                .status(GrpcStatus.PERMISSION_DENIED)
                .statusMessage(
                    "the certificate is node "
                        + peer.node()
                        + "'s, the report says "
                        + report.getNode())
                .end();
          }
        });
  }

  private void lease(GrpcServerRequest<LeaseRequest, LeaseReply> request) {
    NodePeer peer = peer(request);
    if (peer == null) {
      return;
    }
    request.handler(
        asks ->
            lessor
                .lease(peer.node(), asks, System.nanoTime())
                .ifPresentOrElse(
                    request.response()::end,
                    () ->
                        request
                            .response()
                            .status(GrpcStatus.FAILED_PRECONDITION)
                            .statusMessage("another pilot leads and leases quota: ask it")
                            .end()));
  }

  /** Who asks; null where that cannot be told, and then the request has been refused. */
  private @Nullable NodePeer peer(GrpcServerRequest<?, ?> request) {
    try {
      return NodePeer.of(request.connection(), denied.get(), clock.instant());
    } catch (CertificateException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "refused {0}: {1}",
          request.connection().remoteAddress(),
          e.getMessage());
      request
          .response()
          .status(GrpcStatus.UNAUTHENTICATED)
          .statusMessage(String.valueOf(e.getMessage()))
          .end();
      return null;
    }
  }

  /** Ends all streams. */
  public void close() {
    List.copyOf(streams).forEach(AgentStream::close);
  }
}
