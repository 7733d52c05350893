package io.hostmesh.citadel;

/** A request that citadel does not grant; the message is for who asked and is one line. */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why, as a caller and a meter see it. */
  public enum Reason {
    /** The request cannot be read. */
    MALFORMED,
    TOKEN_WRONG,
    TOKEN_EXPIRED,
    TOKEN_USED,
    /** The node's name belongs to another machine. */
    NAME_TAKEN,
    /** Who asks has no certificate that counts here, or it was replaced. */
    NOT_ACCEPTED,
    NOT_ENTITLED,
    /** The registry is away, or the disk; may pass. */
    UNAVAILABLE
  }

  private final Reason reason;

  public Refusal(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public Refusal(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
