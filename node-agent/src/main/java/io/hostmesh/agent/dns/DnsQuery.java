package io.hostmesh.agent.dns;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A question for a name, as RFC 1035 section 4 puts it on the wire.
 *
 * @param id chosen by who asks
 * @param flags the header's second word
 * @param name as it was asked, without the last dot; bytes that are not ASCII as ISO 8859-1
 * @param question the question's own bytes, for the answer to repeat
 * @param payload how many bytes of UDP the asker takes: 512, or what EDNS says (RFC 6891)
 * @param edns whether the asker speaks EDNS, and so gets an OPT record back
 */
record DnsQuery(
    int id,
    int flags,
    String name,
    int type,
    int klass,
    ByteBuffer question,
    int payload,
    boolean edns) {
  static final int HEADER = 12;
  static final int A = 1;
  static final int AAAA = 28;
  static final int SOA = 6;
  static final int OPT = 41;
  static final int ANY = 255;
  static final int IN = 1;

  private static final int RESPONSE = 0x8000;
  private static final int OPCODE = 0x7800;
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_LABEL = 63;
  private static final int PLAIN_PAYLOAD = 512;

  /**
   * Reads a message.
   *
   * @return empty where it is not a standard query of exactly one question
   */
  static Optional<DnsQuery> parse(byte[] message) {
    if (message.length < HEADER) {
      return Optional.empty();
    }
    int flags = word(message, 2);
    if ((flags & (RESPONSE | OPCODE)) != 0 || word(message, 4) != 1) {
      return Optional.empty();
    }
    StringBuilder name = new StringBuilder();
    int end = name(message, HEADER, name);
    if (end < 0 || end + 4 > message.length) {
      return Optional.empty();
    }
    int opt = optRecord(message, end + 4);
    return Optional.of(
        new DnsQuery(
            word(message, 0),
            flags,
            name.toString(),
            word(message, end),
            word(message, end + 2),
            ByteBuffer.wrap(Arrays.copyOfRange(message, HEADER, end + 4)).asReadOnlyBuffer(),
            opt < 0 ? PLAIN_PAYLOAD : Math.max(PLAIN_PAYLOAD, word(message, opt)),
            opt >= 0));
  }

  /** Reads an uncompressed name; the index behind it, or -1 where it is none. */
  private static int name(byte[] message, int from, StringBuilder text) {
    int at = from;
    while (at < message.length) {
      int length = message[at] & 0xff;
      if (length == 0) {
        return at + 1;
      }
      // A question is the first name of a message: there is nothing that it could point back to.
      if (length > LONGEST_LABEL
          || at + 1 + length > message.length
          || at + 1 + length - from >= LONGEST_NAME) {
        return -1;
      }
      if (!text.isEmpty()) {
        text.append('.');
      }
      String label = new String(message, at + 1, length, StandardCharsets.ISO_8859_1);
      if (label.indexOf('.') >= 0) {
        return -1;
      }
      text.append(label);
      at += 1 + length;
    }
    return -1;
  }

  /** Where the class (the payload size) of the OPT record is, or -1 where there is none. */
  private static int optRecord(byte[] message, int from) {
    int at = from;
    int records = word(message, 6) + word(message, 8) + word(message, 10);
    for (int i = 0; i < records; i++) {
      int behind = skipName(message, at);
      if (behind < 0 || behind + 10 > message.length) {
        return -1;
      }
      if (word(message, behind) == OPT) {
        return behind + 2;
      }
      at = behind + 10 + word(message, behind + 8);
    }
    return -1;
  }

  private static int skipName(byte[] message, int from) {
    int at = from;
    while (at < message.length) {
      int length = message[at] & 0xff;
      if (length == 0) {
        return at + 1;
      }
      if (length > LONGEST_LABEL) {
        return at + 2;
      }
      at += 1 + length;
    }
    return -1;
  }

  private static int word(byte[] message, int at) {
    return (message[at] & 0xff) << 8 | (message[at + 1] & 0xff);
  }
}
