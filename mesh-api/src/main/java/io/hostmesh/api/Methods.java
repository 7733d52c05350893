package io.hostmesh.api;

import com.google.protobuf.Message;
import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.ChallengeRequest;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.IssueJwtRequest;
import io.hostmesh.api.v1.IssueRequest;
import io.hostmesh.api.v1.IssuedCertificate;
import io.hostmesh.api.v1.IssuedJwt;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.api.v1.RenewRequest;
import io.hostmesh.api.v1.StatusReply;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.api.v1.WatchBundleRequest;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;

/** Every gRPC method between the parts of the mesh, once, for both of its ends. */
public final class Methods {
  private static final ServiceName CITADEL = ServiceName.create("hostmesh.v1.Citadel");
  private static final ServiceName STATUS = ServiceName.create("hostmesh.v1.AgentStatus");
  private static final ServiceName QUOTA = ServiceName.create("hostmesh.v1.Quota");
  private static final ServiceName ADS =
      ServiceName.create("envoy.service.discovery.v3.AggregatedDiscoveryService");

  public static final Method<ChallengeRequest, Challenge> CHALLENGE =
      new Method<>(
          CITADEL,
          "Challenge",
          ChallengeRequest.getDefaultInstance(),
          Challenge.getDefaultInstance());
  public static final Method<JoinRequest, IssuedCertificate> JOIN =
      new Method<>(
          CITADEL,
          "Join",
          JoinRequest.getDefaultInstance(),
          IssuedCertificate.getDefaultInstance());
  public static final Method<RenewRequest, IssuedCertificate> RENEW =
      new Method<>(
          CITADEL,
          "Renew",
          RenewRequest.getDefaultInstance(),
          IssuedCertificate.getDefaultInstance());
  public static final Method<IssueRequest, IssuedCertificate> ISSUE =
      new Method<>(
          CITADEL,
          "Issue",
          IssueRequest.getDefaultInstance(),
          IssuedCertificate.getDefaultInstance());

  public static final Method<IssueJwtRequest, IssuedJwt> ISSUE_JWT =
      new Method<>(
          CITADEL,
          "IssueJwt",
          IssueJwtRequest.getDefaultInstance(),
          IssuedJwt.getDefaultInstance());

  /** Server streaming. */
  public static final Method<WatchBundleRequest, TrustBundle> WATCH_BUNDLE =
      new Method<>(
          CITADEL,
          "WatchBundle",
          WatchBundleRequest.getDefaultInstance(),
          TrustBundle.getDefaultInstance());

  /** Bidirectional streaming: the incremental xDS transport. */
  public static final Method<DeltaDiscoveryRequest, DeltaDiscoveryResponse> DELTA =
      new Method<>(
          ADS,
          "DeltaAggregatedResources",
          DeltaDiscoveryRequest.getDefaultInstance(),
          DeltaDiscoveryResponse.getDefaultInstance());

  public static final Method<StatusReport, StatusReply> REPORT =
      new Method<>(
          STATUS, "Report", StatusReport.getDefaultInstance(), StatusReply.getDefaultInstance());

  /** To the pilot that leads; others answer FAILED_PRECONDITION. */
  public static final Method<LeaseRequest, LeaseReply> LEASE =
      new Method<>(
          QUOTA, "Lease", LeaseRequest.getDefaultInstance(), LeaseReply.getDefaultInstance());

  private Methods() {}

  /**
   * A method seen from both ends.
   *
   * @param request any message of the type, as a pattern
   * @param response likewise
   */
  public record Method<Q extends Message, R extends Message>(
      ServiceName service, String name, Q request, R response) {

    /** For {@code GrpcClient.request}. */
    public ServiceMethod<R, Q> client() {
      return ServiceMethod.client(
          service, name, GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(response));
    }

    /** For {@code GrpcServer.callHandler}. */
    public ServiceMethod<Q, R> server() {
      return ServiceMethod.server(
          service, name, GrpcMessageEncoder.encoder(), GrpcMessageDecoder.decoder(request));
    }
  }
}
