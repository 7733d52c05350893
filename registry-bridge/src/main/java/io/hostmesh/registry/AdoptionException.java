package io.hostmesh.registry;

/** A service that shall be adopted is not there, or there more than once. */
final class AdoptionException extends Exception {
  private static final long serialVersionUID = 1L;

  AdoptionException(String message) {
    super(message);
  }
}
