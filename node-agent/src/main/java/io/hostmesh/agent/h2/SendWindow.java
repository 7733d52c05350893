package io.hostmesh.agent.h2;

/** How much DATA the peer takes (RFC 9113 section 5.2.1 and 6.9). Not for several threads. */
final class SendWindow {
  /** Every window's size before a setting or an update changes it. */
  static final int DEFAULT = 65_535;

  private int available;

  SendWindow(int initial) {
    available = initial;
  }

  /** May be negative, after the peer has made it smaller. */
  int available() {
    return available;
  }

  void take(int bytes) {
    available -= bytes;
  }

  /**
   * @return false where it grows beyond 2^31-1, which no peer may ask for
   */
  boolean add(long bytes) {
    long sum = available + bytes;
    if (sum > Integer.MAX_VALUE || sum < Integer.MIN_VALUE) {
      return false;
    }
    available = (int) sum;
    return true;
  }
}
