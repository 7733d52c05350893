package io.hostmesh.agent.redirect;

/** Which connections that leave this host's processes pass through the agent. */
public enum CaptureScope {
  /** Those to virtual addresses and to known endpoints of the mesh; the rest is untouched. */
  MESH,
  /** Every TCP connection that leaves the host, but for what is excluded. */
  ALL
}
