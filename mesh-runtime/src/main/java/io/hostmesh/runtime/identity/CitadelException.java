package io.hostmesh.runtime.identity;

/** Citadel did not give what was asked. Its message is one line and says what to do. */
public final class CitadelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What kind of failure it is, and whether trying again can help. */
  public enum Kind {
    /** No answer, or none in time. Passes when citadel comes back. */
    UNREACHABLE,
    /** The join token is wrong, expired or used. Does not pass: a new token is needed. */
    TOKEN,
    /** The node is not entitled to the service. Passes when an operator allows it. */
    NOT_ENTITLED,
    /** Citadel does not accept who asks: replaced by another machine, or an unknown certificate. */
    NOT_ACCEPTED,
    /** Citadel could not do it now, for instance because its registry is away. May pass. */
    FAILED
  }

  private final Kind kind;

  public CitadelException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public CitadelException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** Whether a failure is citadel's, and passes for all who ask when citadel is well again. */
  static boolean isOutage(Throwable failure) {
    return failure instanceof CitadelException known
        && (known.kind == Kind.UNREACHABLE || known.kind == Kind.FAILED);
  }
}
