package io.hostmesh.registry;

/**
 * The registry did not do what was asked. Its message is one line that names the registry's
 * address. An answer that says "nothing there" is never this: it is an empty result.
 */
public final class RegistryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What kind of failure it is, and whether trying again can help. */
  public enum Kind {
    /** No connection, or no answer in time. Passes when the registry comes back. */
    UNREACHABLE,
    /** The registry answered 5xx, as Consul does while it has no leader. Passes. */
    FAILED,
    /** The registry answered 4xx: the request or the token is wrong. Does not pass by itself. */
    REFUSED
  }

  private final Kind kind;
  private final int status;

  RegistryException(Kind kind, int status, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.status = status;
  }

  public Kind kind() {
    return kind;
  }

  /** The HTTP status, 0 where there was no answer. */
  int status() {
    return status;
  }
}
