package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;

/** Bytes that are no HTTP/1.1 message, or none that this agent takes. */
public final class H1Malformed extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Failure failure;

  private H1Malformed(Failure failure) {
    super(failure.sentence(), null, false, false); // Cheap to make, as attacks are of them.
    this.failure = failure;
  }

  static H1Malformed of(String what) {
    return new H1Malformed(
        new Failure(Failure.Kind.MALFORMED, "not well-formed HTTP/1.1: " + what));
  }

  static H1Malformed of(Failure.Kind kind, String sentence) {
    return new H1Malformed(new Failure(kind, sentence));
  }

  Failure failure() {
    return failure;
  }
}
