package io.hostmesh.agent.workloadapi;

/** A caller that has no identity here; the message says why, for the caller. */
final class Denied extends Exception {
  private static final long serialVersionUID = 1L;

  Denied(String message) {
    super(message);
  }
}
