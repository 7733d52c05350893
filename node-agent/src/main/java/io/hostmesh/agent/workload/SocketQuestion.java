package io.hostmesh.agent.workload;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What the agent asks hostmesh-attestd: which processes hold a socket. One question a connection,
 * of a fixed length, so that there is little to get wrong.
 *
 * @param about which socket is meant
 * @param hash whether the executables' SHA-256 is wanted, which may take as long as reading them
 * @param local the socket's own address
 * @param remote the other end of a connection; of a listener any address of the same family
 */
public record SocketQuestion(
    About about, boolean hash, InetSocketAddress local, InetSocketAddress remote) {
  /** The bytes of a question. */
  public static final int BYTES = 48;

  /** "HMA" and the version. */
  static final int MAGIC = 0x484d4101;

  private static final int ADDRESS_BYTES = 16;

  /** Which socket is asked about. */
  public enum About {
    /** The connection between the two addresses. */
    CONNECTION(0),
    /** The same, made by a container that has a network of its own. */
    CONTAINED(2),
    /** All sockets that listen where a connection to the local address could arrive. */
    LISTENERS(1);

    /** On the wire. */
    private final byte code;

    About(int code) {
      this.code = (byte) code;
    }

    private static About of(int code) throws Unreadable {
      for (About about : values()) {
        if (about.code == code) {
          return about;
        }
      }
      throw new Unreadable("a field is out of range");
    }
  }

  /** What cannot be read is not answered. */
  public static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreadable(String message) {
      super(message);
    }
  }

  /** The question's bytes. */
  public byte[] encoded() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES);
    byte[] own = local.getAddress().getAddress();
    byte[] other = remote.getAddress().getAddress();
    bytes.putInt(MAGIC);
    bytes.put(about.code).put((byte) (hash ? 1 : 0));
    bytes.put((byte) own.length).put((byte) 0);
    bytes.putShort((short) local.getPort()).putShort((short) remote.getPort()).putInt(0);
    bytes.put(Arrays.copyOf(own, ADDRESS_BYTES)).put(Arrays.copyOf(other, ADDRESS_BYTES));
    return bytes.array();
  }

  /**
   * Reads a question.
   *
   * @throws Unreadable where it is none of this version
   */
  public static SocketQuestion decode(byte[] encoded) throws Unreadable {
    if (encoded.length != BYTES) {
      throw new Unreadable("a question has " + BYTES + " bytes, not " + encoded.length);
    }
    ByteBuffer bytes = ByteBuffer.wrap(encoded);
    if (bytes.getInt() != MAGIC) {
      throw new Unreadable("not a question of this version");
    }
    About about = About.of(bytes.get());
    int hash = bytes.get();
    int length = bytes.get();
    int reserved = bytes.get();
    if ((hash & ~1) != 0 || reserved != 0 || (length != 4 && length != ADDRESS_BYTES)) {
      throw new Unreadable("a field is out of range");
    }
    int localPort = Short.toUnsignedInt(bytes.getShort());
    int remotePort = Short.toUnsignedInt(bytes.getShort());
    if (bytes.getInt() != 0) {
      throw new Unreadable("a field is out of range");
    }
    InetAddress local = address(bytes, length);
    InetAddress remote = address(bytes, length);
    return new SocketQuestion(
        about,
        hash == 1,
        new InetSocketAddress(local, localPort),
        new InetSocketAddress(remote, remotePort));
  }

  private static InetAddress address(ByteBuffer bytes, int length) throws Unreadable {
    byte[] address = new byte[ADDRESS_BYTES];
    bytes.get(address);
    for (int i = length; i < ADDRESS_BYTES; i++) {
      if (address[i] != 0) {
        throw new Unreadable("a field is out of range");
      }
    }
    try {
      InetAddress parsed = InetAddress.getByAddress(Arrays.copyOf(address, length));
      // An address of IPv4 in IPv6's form would become one of IPv4, and fit the other no more.
      if (parsed.getAddress().length != length) {
        throw new Unreadable("an address of IPv4 is written as one");
      }
      return parsed;
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + length + " bytes", e);
    }
  }
}
