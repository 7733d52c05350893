package io.hostmesh.agent.redirect;

/** Where the agent takes captured traffic: calls that go out, calls that come in, DNS questions. */
public record CapturePorts(int outbound, int inbound, int dns) {
  public static final CapturePorts DEFAULT = new CapturePorts(15001, 15006, 15053);
}
