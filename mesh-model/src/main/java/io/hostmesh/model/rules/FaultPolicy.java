package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Faults that the caller's agent makes, to see who bears them. A request may meet both.
 *
 * @param delay before the request is sent
 * @param abort in place of sending it
 * @param headers only of requests that have all of these; by lower-case name
 */
public record FaultPolicy(
    Optional<Delay> delay, Optional<Abort> abort, Map<String, ValueMatch> headers) {
  public FaultPolicy {
    headers = Map.copyOf(headers);
  }

  /**
   * @param share of the requests
   */
  public record Delay(Duration time, Share share) {}

  /**
   * @param status of the answer, 400 to 599; empty where only gRPC calls are meant
   * @param grpcStatus of gRPC calls, 1 to 16; empty where it follows from the status
   * @param share of the requests
   */
  public record Abort(OptionalInt status, OptionalInt grpcStatus, Share share) {}
}
