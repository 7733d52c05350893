package io.hostmesh.model;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * A block of addresses, as in {@code 240.0.0.0/4}.
 *
 * @param network its first address
 * @param prefix how many leading bits are fixed: 0 to 32, or to 128 for IPv6
 */
public record AddressRange(InetAddress network, int prefix) {
  /**
   * @throws IllegalArgumentException where the prefix does not fit, or the address has bits set
   *     behind it
   */
  public AddressRange {
    int bits = network.getAddress().length * 8;
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException("prefix /" + prefix + " is not within /0 to /" + bits);
    }
    byte[] masked = masked(network.getAddress(), prefix);
    if (!Arrays.equals(masked, network.getAddress())) {
      throw new IllegalArgumentException(
          network.getHostAddress() + "/" + prefix + " has bits set behind its prefix");
    }
  }

  /**
   * Reads {@code address/prefix}; a bare address is a range of one.
   *
   * @throws IllegalArgumentException where it is neither
   */
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    try {
      InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
      int prefix =
          slash < 0
              ? address.getAddress().length * 8
              : Integer.parseInt(text, slash + 1, text.length(), 10);
      return new AddressRange(address, prefix);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" has no number behind its slash", e);
    }
  }

  public boolean isIpv4() {
    return network instanceof Inet4Address;
  }

  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == network.getAddress().length
        && Arrays.equals(masked(bytes, prefix), network.getAddress());
  }

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + prefix;
  }

  private static byte[] masked(byte[] address, int prefix) {
    byte[] result = address.clone();
    for (int i = 0; i < result.length; i++) {
      int kept = Math.clamp(prefix - i * 8L, 0, 8);
      result[i] &= (byte) (0xff00 >> kept);
    }
    return result;
  }
}
