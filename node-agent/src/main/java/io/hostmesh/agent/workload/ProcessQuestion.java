package io.hostmesh.agent.workload;

import java.nio.ByteBuffer;

/**
 * Asks what a process runs that called over a unix socket, whose two ends have no addresses, and
 * all others of its control group with it.
 *
 * @param hash see {@link Question#hash}
 * @param pid as this host numbers it
 * @param started in clock ticks since the host booted: a later process of that number is not meant
 */
public record ProcessQuestion(boolean hash, int pid, long started) implements Question {
  static final byte CODE = 3;

  /** Of the process that is at the other end of a unix socket. */
  public static ProcessQuestion of(PeerProcesses.Peer peer, boolean hash) {
    return new ProcessQuestion(hash, peer.pid(), peer.started());
  }

  /** Whether it is the process that is meant. */
  public boolean isAbout(SocketHolders.Holder holder) {
    return holder.pid() == pid && holder.started() == started;
  }

  @Override
  public byte[] encoded() {
    return ByteBuffer.allocate(BYTES)
        .putInt(MAGIC)
        .put(CODE)
        .put((byte) (hash ? 1 : 0))
        .putShort((short) 0)
        .putInt(pid)
        .putInt(0)
        .putLong(started)
        .array();
  }

  static ProcessQuestion read(boolean hash, ByteBuffer bytes) throws Unreadable {
    short reserved = bytes.getShort();
    int pid = bytes.getInt();
    boolean isClean = reserved == 0 && bytes.getInt() == 0;
    long started = bytes.getLong();
    while (bytes.hasRemaining()) {
      isClean &= bytes.get() == 0;
    }
    if (!isClean || pid <= 0 || started < 0) {
      throw new Unreadable("a field is out of range");
    }
    return new ProcessQuestion(hash, pid, started);
  }
}
