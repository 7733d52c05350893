package io.hostmesh.agent.tries;

import io.hostmesh.agent.telemetry.Failure;
import org.jspecify.annotations.Nullable;

/** How one try of a request went, before its caller saw anything of it. */
public sealed interface Ending {
  /**
   * An answer began.
   *
   * @param grpcCode the status of a gRPC call that is over with it; {@link #NO_GRPC} otherwise
   * @param marked whether it has one of the headers that ask for another try
   * @param reported why the agent of the instance's host answered in its place; null where it did
   *     not
   * @param retryAfterNanos how long it asks to be left in peace; 0 where it does not
   */
  record Answered(
      int status,
      int grpcCode,
      boolean marked,
      Failure.@Nullable Kind reported,
      long retryAfterNanos)
      implements Ending {}

  /**
   * There is no answer.
   *
   * @param unsent whether no byte of the request can have reached the application
   */
  record Failed(Failure.Kind kind, boolean unsent) implements Ending {}

  /** What an answer has for a gRPC code that says none. */
  int NO_GRPC = -1;
}
