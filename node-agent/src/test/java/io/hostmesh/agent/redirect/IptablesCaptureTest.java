package io.hostmesh.agent.redirect;

class IptablesCaptureTest extends CaptureStory {
  IptablesCaptureTest() {
    super(CaptureBackend.IPTABLES, "i");
  }
}
