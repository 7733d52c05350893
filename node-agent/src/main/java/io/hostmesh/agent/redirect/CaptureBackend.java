package io.hostmesh.agent.redirect;

/** How rules get into the kernel. */
public enum CaptureBackend {
  /** nft where tool and kernel have it, else iptables. */
  AUTO,
  NFT,
  IPTABLES
}
