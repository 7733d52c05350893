package io.hostmesh.agent.h2;

import io.netty.handler.codec.http2.Http2Error;
import java.util.ArrayDeque;

/**
 * Which streams of a connection have been, beside those that are open (RFC 9113 section 5.1.1): an
 * id is idle, open, or closed for good. Used by its connection's event loop only.
 */
final class StreamIds {
  /** Streams of which the peer may not know yet that we gave them up. */
  private static final int REMEMBERED_RESETS = 200;

  private final H2Link link;
  private final boolean server;
  private final ArrayDeque<Integer> resetsSent = new ArrayDeque<>();
  private int lastPeerStream;

  /**
   * @param server whether the peer opens the streams
   */
  StreamIds(H2Link link, boolean server) {
    this.link = link;
    this.server = server;
  }

  /** The highest id that the peer has used; 0 for none. */
  int lastPeerStream() {
    return lastPeerStream;
  }

  void resetSent(int stream) {
    resetsSent.add(stream);
    if (resetsSent.size() > REMEMBERED_RESETS) {
      resetsSent.removeFirst();
    }
  }

  /** Whether the peer may still send on a closed stream, since we gave it up. */
  boolean wasReset(int stream) {
    return resetsSent.contains(stream);
  }

  /** Takes the id for a stream that the peer opens now; false where it can't be one. */
  boolean open(int stream) {
    if (!server || stream <= lastPeerStream || (stream & 1) == 0) {
      return false;
    }
    lastPeerStream = stream;
    return true;
  }

  boolean isIdle(int stream) {
    boolean ours = (stream & 1) == (server ? 0 : 1);
    return ours ? server || !link.isOpened(stream) : stream > lastPeerStream;
  }

  /**
   * @throws H2Error for the connection's own id, and for streams that nobody has opened
   */
  void requireOpened(int stream, String frame) throws H2Error {
    if (stream == 0 || isIdle(stream)) {
      throw H2Error.connection(Http2Error.PROTOCOL_ERROR, frame + " on a stream that is not open");
    }
  }
}
