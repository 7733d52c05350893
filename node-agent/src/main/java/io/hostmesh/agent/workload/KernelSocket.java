package io.hostmesh.agent.workload;

/**
 * A socket as sock_diag(7) tells of it.
 *
 * @param state of linux/tcp_states.h
 * @param uid of who made it
 * @param inode 0 where no process holds it: not accepted yet, or closed
 * @param cgroup the id of its maker's control group, 0 where the kernel keeps none (closed
 *     connections, and those not established yet)
 * @param cookie unique for the socket until the host reboots
 */
public record KernelSocket(int state, int uid, int inode, long cgroup, long cookie) {
  static final int ESTABLISHED = 1;
  static final int SYN_RECEIVED = 3;
  static final int LISTEN = 10;
  static final int NEW_SYN_RECEIVED = 12;

  /** Whether it takes connections. */
  public boolean isListening() {
    return state == LISTEN;
  }

  boolean hasCgroup() {
    return cgroup != 0;
  }

  /** A connection that the listener has not made a socket of. */
  boolean isEmbryonic() {
    return state == SYN_RECEIVED || state == NEW_SYN_RECEIVED;
  }
}
