package io.hostmesh.agent.h2;

/**
 * How much DATA this agent takes: what was consumed is given back when it has come to half of the
 * window, so that updates are few and the peer never waits. Not for several threads.
 */
final class ReceiveWindow {
  private final int size;
  private int available;
  private int consumed;

  /**
   * @param size of the window, in bytes
   */
  ReceiveWindow(int size) {
    this.size = size;
    this.available = size;
  }

  /**
   * @return false where the peer has sent more than it may
   */
  boolean receive(int bytes) {
    available -= bytes;
    return available >= 0;
  }

  /**
   * @return by how much the peer is to be told now that the window has grown; 0 for not yet
   */
  int consume(int bytes) {
    consumed += bytes;
    if (consumed < size / 2) {
      return 0;
    }
    int update = consumed;
    consumed = 0;
    available += update;
    return update;
  }
}
