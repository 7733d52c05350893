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
    /** A proof without a token, such as that of a machine's certificate, does not hold. */
    PROOF_WRONG,
    /** Too many wrong tokens or proofs from one address. */
    TOO_MANY,
    /** The node's name belongs to another machine. */
    NAME_TAKEN,
    /** Who asks has no certificate that counts here, or it was replaced. */
    NOT_ACCEPTED,
    NOT_ENTITLED,
    /** An operator revoked it. */
    REVOKED,
    /** The registry is away, or the disk; may pass. */
    UNAVAILABLE
  }

  private final Reason reason;
  private final String forOperators;

  public Refusal(Reason reason, String message) {
    this(reason, message, "");
  }

  /**
   * @param forOperators what who asked need not know, such as another machine's address
   */
  public Refusal(Reason reason, String message, String forOperators) {
    super(message);
    this.reason = reason;
    this.forOperators = forOperators;
  }

  public Refusal(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.forOperators = "";
  }

  /** What only operators may see; may be empty. */
  public String forOperators() {
    return forOperators;
  }

  public Reason reason() {
    return reason;
  }
}
