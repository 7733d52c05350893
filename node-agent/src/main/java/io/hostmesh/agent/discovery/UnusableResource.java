package io.hostmesh.agent.discovery;

/** A resource of pilot's that this agent cannot use; the message is what pilot is told. */
final class UnusableResource extends Exception {
  private static final long serialVersionUID = 1L;

  UnusableResource(String reason) {
    super(reason);
  }

  UnusableResource(String reason, Throwable cause) {
    super(reason, cause);
  }
}
