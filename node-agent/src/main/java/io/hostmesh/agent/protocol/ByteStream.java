package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;

/**
 * One end of a relayed connection: a socket, or a stream between agents. Read on demand. Used by
 * its event loop only.
 */
public interface ByteStream {
  /** Who gets what comes. */
  interface Receiver {
    /** Bytes, taken over. */
    void received(ByteBuf bytes);

    /** Nothing more for the moment: what is to follow has to be asked for. */
    void batchEnd();

    /** More can be written. */
    void roomAgain();

    /** The other side sends no more; it may still read. */
    void inputEnded();

    /** The other side has broken off, or the connection has. */
    void broken(String how);

    /** Both directions are over, or have been broken off. Called once, and last. */
    void closed();
  }

  /** Begins: what has come before goes to the receiver now. Nothing is read yet. */
  void begin(Receiver receiver);

  /** Asks for more. */
  void read();

  /** Takes bytes over. */
  void write(ByteBuf bytes);

  void flush();

  /** Whether more is wanted now. */
  boolean writable();

  /** Ends our direction, behind all that was written. */
  void endOutput();

  /** Closes behind what was written, after both directions have ended. */
  void close();

  /** Breaks off, so that the other side sees that it was no end. */
  void reset();
}
