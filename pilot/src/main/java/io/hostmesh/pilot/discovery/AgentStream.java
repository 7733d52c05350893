package io.hostmesh.pilot.discovery;

import io.hostmesh.api.Contract;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.pilot.snapshot.Snapshot;
import io.hostmesh.runtime.tls.DenyList;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One discovery stream of an agent: carries an {@link AdsSession} over gRPC. Everything runs on the
 * connection's context; only {@link #show} may be called from elsewhere.
 */
final class AgentStream {
  private static final System.Logger LOG = System.getLogger(AgentStream.class.getName());

  private final Vertx vertx;
  private final Context context;
  private final GrpcServerRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> request;
  private final GrpcServerResponse<DeltaDiscoveryRequest, DeltaDiscoveryResponse> response;
  private final NodePeer peer;
  private final Supplier<Optional<Snapshot>> newest;
  private final AgentBook book;
  private final InstantSource clock;
  private final AdsSession session;
  private final Instant since;
  private final Runnable onEnd;
  private final long expiry;

  private String snapshot = "";
  private String version = "";
  private List<String> features = List.of();
  private Instant waitingSince = Instant.MAX;
  private boolean ended;

  /**
   * @param newest what to tell, asked again after every {@link #show}
   * @param onEnd called once, when the stream is over
   */
  AgentStream(
      Vertx vertx,
      GrpcServerRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> request,
      NodePeer peer,
      Supplier<Optional<Snapshot>> newest,
      AgentBook book,
      String identifier,
      InstantSource clock,
      Runnable onEnd) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.request = request;
    this.response = request.response();
    this.peer = peer;
    this.newest = newest;
    this.book = book;
    this.clock = clock;
    this.session = new AdsSession(identifier);
    this.since = clock.instant();
    this.onEnd = onEnd;
    Duration left = Duration.between(since, peer.notAfter());
    this.expiry = vertx.setTimer(Math.max(1, left.toMillis()), _ -> certificateExpired());
  }

  /** Begins to listen. */
  void open() {
    request.handler(this::received);
    request.endHandler(_ -> end(GrpcStatus.OK, ""));
    request.exceptionHandler(failure -> failed("its stream broke", failure));
    request.errorHandler(error -> failed("sent what cannot be read: " + error, null));
    response.exceptionHandler(failure -> failed("cannot be written to", failure));
    response.drainHandler(_ -> pump());
    response.writeHead();
    note();
    LOG.log(System.Logger.Level.INFO, "node {0} connected from {1}", peer.node(), peer.address());
  }

  /** There is a newer snapshot; on any thread. */
  void show() {
    context.runOnContext(_ -> newest.get().ifPresent(this::show));
  }

  private void show(Snapshot shown) {
    snapshot = shown.version();
    session.show(shown.viewOf(peer.node()));
    pump();
  }

  private void received(DeltaDiscoveryRequest message) {
    if (message.hasNode()) {
      if (!message.getNode().getId().equals(peer.node())) {
        refuse(
            "the certificate is node "
                + peer.node()
                + "'s, the request says "
                + message.getNode().getId());
        return;
      }
      version = message.getNode().getUserAgentVersion();
      features = message.getNode().getClientFeaturesList().stream().limit(64).toList();
      features.stream()
          .filter(feature -> !Contract.FEATURES.contains(feature))
          .forEach(
              feature ->
                  LOG.log(
                      System.Logger.Level.DEBUG,
                      "node {0} has a feature that this pilot does not know: {1}",
                      peer.node(),
                      feature));
    }
    switch (session.onRequest(message)) {
      case AdsSession.Event.Progress _ -> {
        // The common case; what it means shows in the state.
      }
      case AdsSession.Event.Refused refused ->
          LOG.log(
              System.Logger.Level.WARNING,
              "node {0} refused {1} {2}: {3}",
              peer.node(),
              refused.type(),
              refused.names(),
              refused.reason());
      case AdsSession.Event.UnknownKind unknown ->
          LOG.log(
              System.Logger.Level.WARNING,
              "node {0} asks for {1}, which this pilot does not have; its agent is newer",
              peer.node(),
              unknown.typeUrl());
    }
    pump();
  }

  private void pump() {
    if (ended) {
      return;
    }
    if (!response.writeQueueFull()) {
      List<DeltaDiscoveryResponse> round = session.next();
      if (!round.isEmpty()) {
        waitingSince = clock.instant();
      } else if (session.isSynced()) {
        waitingSince = Instant.MAX;
      }
      round.forEach(
          message ->
              response
                  .write(message)
                  .onFailure(failure -> failed("cannot be written to", failure)));
    }
    note();
  }

  private void note() {
    book.note(
        this,
        new StreamState(
            peer.node(),
            peer.address(),
            since,
            peer.notAfter(),
            version,
            features,
            snapshot,
            session.isSynced(),
            waitingSince,
            session.kinds(),
            session.unknownKinds()));
  }

  /** The agent comes back with its renewed certificate; an expired one must not stay connected. */
  private void certificateExpired() {
    refuse("the certificate expired");
  }

  /** Ends it where its certificate was revoked; on any thread. */
  void recheck(DenyList denied) {
    peer.deniedBy(denied).ifPresent(why -> context.runOnContext(_ -> refuse(why)));
  }

  private void refuse(String reason) {
    if (!ended) {
      LOG.log(System.Logger.Level.WARNING, "node {0}: {1}", peer.node(), reason);
      end(GrpcStatus.UNAUTHENTICATED, reason);
    }
  }

  private void failed(String what, @Nullable Throwable failure) {
    LOG.log(System.Logger.Level.DEBUG, "node " + peer.node() + " " + what, failure);
    over(); // There is nobody to say a status to.
  }

  private void end(GrpcStatus status, String message) {
    if (!ended) {
      over();
      response.status(status).statusMessage(message).end();
    }
  }

  private void over() {
    if (!ended) {
      ended = true;
      vertx.cancelTimer(expiry);
      book.gone(this);
      onEnd.run();
      LOG.log(System.Logger.Level.INFO, "node {0} disconnected", peer.node());
    }
  }

  /** Ends the stream from pilot's side, on any thread: the agent goes to another pilot at once. */
  void close() {
    context.runOnContext(_ -> end(GrpcStatus.UNAVAILABLE, "pilot ends"));
  }
}
