package io.hostmesh.agent.redirect;

/** From which address an application of this host is called. */
public enum CaptureSource {
  /** From 127.0.0.6, whoever calls. */
  MESH,
  /** From the address of the host that calls, where the application can answer to it. */
  PRESERVE
}
