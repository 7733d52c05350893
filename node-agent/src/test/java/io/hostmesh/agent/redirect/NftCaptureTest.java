package io.hostmesh.agent.redirect;

class NftCaptureTest extends CaptureStory {
  NftCaptureTest() {
    super(CaptureBackend.NFT, "n");
  }
}
