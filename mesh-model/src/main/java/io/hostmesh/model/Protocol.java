package io.hostmesh.model;

import java.util.Locale;

/** What a service declares that it speaks. */
public enum Protocol {
  /** HTTP/1.1 (HTTP/2 with prior knowledge from a caller is translated). */
  HTTP,
  /** HTTP/2 with prior knowledge. */
  HTTP2,
  /** gRPC, which is HTTP/2 with trailers. */
  GRPC,
  /** Bytes; also what a service without a declaration is. */
  TCP;

  /** Whether routing and authorisation see requests, not only connections. */
  public boolean isHttp() {
    return this != TCP;
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
        "\"" + text + "\" is not a protocol: use http, http2, grpc or tcp");
  }
}
