package io.hostmesh.model;

import java.util.Locale;

/** What a service speaks, as it declares. */
public enum Protocol {
  /** HTTP/1.1 (HTTP/2 with prior knowledge from a caller is translated). */
  HTTP,
  /** HTTP/2 with prior knowledge. */
  HTTP2,
  /** gRPC, which is HTTP/2 with trailers. */
  GRPC,
  /** Bytes. */
  TCP,
  /**
   * Nothing is declared: each connection is taken for HTTP or for bytes by what the caller sends
   * first.
   */
  AUTO;

  /** What holds of two instances of a service: this, or the other where this is not declared. */
  public Protocol or(Protocol other) {
    return this == AUTO ? other : this;
  }

  /** As configuration and Consul metadata write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException naming the choices
   */
  public static Protocol parse(String text) {
    for (Protocol protocol : values()) {
      if (protocol.text().equals(text)) {
        return protocol;
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is not a protocol: use http, http2, grpc, tcp or auto");
  }
}
