package io.hostmesh.agent.upstream;

import java.util.Optional;

/** What is inside a connection between agents; ALPN names it, with a version. */
public enum MeshProtocol {
  /** Requests, each an HTTP/2 stream. */
  HTTP("hostmesh-h2/1"),
  /** TCP connections, each a CONNECT stream. */
  TCP("hostmesh-tcp/1");

  private final String alpn;

  MeshProtocol(String alpn) {
    this.alpn = alpn;
  }

  public String alpn() {
    return alpn;
  }

  public static Optional<MeshProtocol> of(String alpn) {
    for (MeshProtocol protocol : values()) {
      if (protocol.alpn.equals(alpn)) {
        return Optional.of(protocol);
      }
    }
    return Optional.empty();
  }
}
