package io.hostmesh.registry.embedded;

/**
 * A request that is answered with an error, as Consul answers it: a status and one line of text.
 */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int status;

  Refusal(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }

  static Refusal badRequest(String message) {
    return new Refusal(400, message);
  }

  static Refusal notFound(String message) {
    return new Refusal(404, message);
  }

  /** Consul answers 500 to requests that its state does not allow. */
  static Refusal state(String message) {
    return new Refusal(500, message);
  }
}
