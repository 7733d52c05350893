package io.hostmesh.agent.workloadapi;

import io.vertx.grpc.common.GrpcStatus;

/** A request that is not granted; the message is for the caller. */
final class Refused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final GrpcStatus status;

  Refused(GrpcStatus status, String message) {
    super(message);
    this.status = status;
  }

  GrpcStatus status() {
    return status;
  }
}
