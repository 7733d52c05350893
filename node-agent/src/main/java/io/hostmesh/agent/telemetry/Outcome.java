package io.hostmesh.agent.telemetry;

import java.util.Optional;

/**
 * How a request or connection ended.
 *
 * @param status the HTTP status the caller got; 0 for connections and where it got none
 * @param requestBytes body bytes from the caller
 * @param responseBytes body bytes to the caller
 */
public record Outcome(
    int status, Optional<Failure> failure, long requestBytes, long responseBytes, long nanos) {
  /** The response flag, {@code -} where all went well. */
  public String flag() {
    return failure.map(f -> f.kind().flag()).orElse("-");
  }
}
