package io.hostmesh.agent.h2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/** What a peer's settings mean for a connection (RFC 9113 section 6.5.2, RFC 8441 section 3). */
final class PeerSettings {
  private final H2Link link;
  private final HeaderCodec headers;
  private final boolean server;

  /**
   * @param server whether the peer is a client
   */
  PeerSettings(H2Link link, HeaderCodec headers, boolean server) {
    this.link = link;
    this.headers = headers;
    this.server = server;
  }

  /**
   * Takes one setting.
   *
   * @throws H2Error where its value is none that it may have
   */
  void take(int name, long value) throws H2Error {
    switch (name) {
      case Preface.HEADER_TABLE_SIZE -> {
        try {
          headers.peerTable(value);
        } catch (Http2Exception e) {
          throw H2Error.connection(e.error(), String.valueOf(e.getMessage()));
        }
      }
      case Preface.ENABLE_PUSH ->
          require(value == 0 || (value == 1 && server), "ENABLE_PUSH", value);
      case Preface.MAX_CONCURRENT_STREAMS ->
          link.peerStreams((int) Math.min(value, Integer.MAX_VALUE));
      case Preface.INITIAL_WINDOW_SIZE -> {
        if (value > Integer.MAX_VALUE) {
          throw H2Error.connection(Http2Error.FLOW_CONTROL_ERROR, "a window beyond 2^31-1");
        }
        link.peerWindow((int) value);
      }
      case Preface.MAX_FRAME_SIZE -> {
        require(value >= Frames.MAX_PAYLOAD && value <= 0xffffff, "MAX_FRAME_SIZE", value);
        link.writer().maxFrame((int) value);
      }
      case Preface.ENABLE_CONNECT_PROTOCOL -> {
        require(value <= 1, "ENABLE_CONNECT_PROTOCOL", value);
        link.peerTakesConnect(value == 1);
      }
      default -> {} // Unknown settings are ignored.
    }
  }

  private static void require(boolean holds, String name, long value) throws H2Error {
    if (!holds) {
      throw H2Error.connection(Http2Error.PROTOCOL_ERROR, name + " of " + value);
    }
  }
}
