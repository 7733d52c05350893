package io.hostmesh.agent.workload;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Asks which processes hold a socket.
 *
 * @param about which socket is meant
 * @param hash see {@link Question#hash}
 * @param local the socket's own address
 * @param remote the other end of a connection; of a listener any address of the same family
 */
public record SocketQuestion(
    About about, boolean hash, InetSocketAddress local, InetSocketAddress remote)
    implements Question {
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

  @Override
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

  static SocketQuestion read(int code, boolean hash, ByteBuffer bytes) throws Unreadable {
    About about = About.of(code);
    int length = bytes.get();
    int reserved = bytes.get();
    if (reserved != 0 || (length != 4 && length != ADDRESS_BYTES)) {
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
        hash,
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
