package io.hostmesh.agent.h2;

import io.netty.handler.codec.http2.Http2Error;

/**
 * What a peer did against the protocol: ends the connection, or one stream (RFC 9113 section 5.4).
 */
final class H2Error extends Exception {
  private static final long serialVersionUID = 1;

  /** The stream that ends; 0 for the whole connection. */
  final int stream;

  final Http2Error code;

  private H2Error(int stream, Http2Error code, String message) {
    super(message, null, false, false); // Cheap to make, as floods are of them.
    this.stream = stream;
    this.code = code;
  }

  static H2Error connection(Http2Error code, String message) {
    return new H2Error(0, code, message);
  }

  static H2Error stream(int stream, Http2Error code, String message) {
    return new H2Error(stream, code, message);
  }
}
