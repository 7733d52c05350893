package io.hostmesh.runtime;

/**
 * A failure that the person at the keyboard can mend: its message is one line that says what
 * happened, where, and what to do; no stack trace is shown.
 */
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserError(String message) {
    super(message);
  }

  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
