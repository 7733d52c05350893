package io.hostmesh.agent.workload;

import java.nio.ByteBuffer;

/**
 * What the agent asks hostmesh-attestd. One question a connection, of a fixed length, so that there
 * is little to get wrong.
 */
public sealed interface Question permits SocketQuestion, ProcessQuestion {
  /** The bytes of a question. */
  int BYTES = 48;

  /** "HMA" and the version. */
  int MAGIC = 0x484d4101;

  /** What cannot be read is not answered. */
  final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreadable(String message) {
      super(message);
    }
  }

  /** Whether the executables' SHA-256 is wanted, which may take as long as reading them. */
  boolean hash();

  /** The question's bytes. */
  byte[] encoded();

  /**
   * Reads a question.
   *
   * @throws Unreadable where it is none of this version
   */
  static Question decode(byte[] encoded) throws Unreadable {
    if (encoded.length != BYTES) {
      throw new Unreadable("a question has " + BYTES + " bytes, not " + encoded.length);
    }
    ByteBuffer bytes = ByteBuffer.wrap(encoded);
    if (bytes.getInt() != MAGIC) {
      throw new Unreadable("not a question of this version");
    }
    int about = bytes.get();
    int hash = bytes.get();
    if ((hash & ~1) != 0) {
      throw new Unreadable("a field is out of range");
    }
    return about == ProcessQuestion.CODE
        ? ProcessQuestion.read(hash == 1, bytes)
        : SocketQuestion.read(about, hash == 1, bytes);
  }
}
