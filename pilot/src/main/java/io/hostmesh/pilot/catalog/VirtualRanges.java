package io.hostmesh.pilot.catalog;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * The ranges that virtual addresses come from. A service has one number, its slot, which picks its
 * address in both ranges.
 *
 * @param slots how many numbers there are, from 1; the first and last address of a range stay free
 */
public record VirtualRanges(Range ipv4, Range ipv6, int slots) {
  /** The widest range of numbers that is used, however large an IPv6 range is. */
  private static final int MAX_BITS = 24;

  private static final int MIN_BITS = 8;

  /**
   * A range of addresses.
   *
   * @param network its first address
   * @param prefix how many bits all of its addresses share
   */
  public record Range(InetAddress network, int prefix) {
    /**
     * Reads {@code address/prefix}.
     *
     * @throws IllegalArgumentException with a sentence
     */
    public static Range parse(String text) {
      int slash = text.indexOf('/');
      if (slash < 0) {
        throw new IllegalArgumentException(
            "\"" + text + "\" is not a range; write address/prefix, for instance 241.0.0.0/8");
      }
      try {
        InetAddress address = InetAddress.ofLiteral(text.substring(0, slash));
        int prefix = Integer.parseInt(text.substring(slash + 1));
        int hostBits = address.getAddress().length * 8 - prefix;
        if (prefix < 0 || hostBits < MIN_BITS) {
          throw new IllegalArgumentException(
              "\""
                  + text
                  + "\" holds too few addresses; at least "
                  + MIN_BITS
                  + " bits are needed");
        }
        return new Range(masked(address, prefix), prefix);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("\"" + text + "\": the prefix is not a number", e);
      }
    }

    private static InetAddress masked(InetAddress address, int prefix) {
      byte[] bytes = address.getAddress();
      for (int bit = prefix; bit < bytes.length * 8; bit++) {
        bytes[bit / 8] = (byte) (bytes[bit / 8] & ~(0x80 >> bit % 8));
      }
      return ofBytes(bytes);
    }

    int hostBits() {
      return network.getAddress().length * 8 - prefix;
    }

    InetAddress address(int slot) {
      byte[] bytes = network.getAddress();
      int rest = slot;
      for (int i = bytes.length - 1; rest != 0; i--) {
        bytes[i] |= (byte) rest;
        rest >>>= 8;
      }
      return ofBytes(bytes);
    }

    private static InetAddress ofBytes(byte[] bytes) {
      try {
        return InetAddress.getByAddress(bytes);
      } catch (UnknownHostException e) {
        throw new IllegalStateException("an address has 4 or 16 bytes", e);
      }
    }

    @Override
    public String toString() {
      return network.getHostAddress() + "/" + prefix;
    }
  }

  /**
   * @throws IllegalArgumentException with a sentence where the ranges are of the wrong family
   */
  public static VirtualRanges of(Range ipv4, Range ipv6) {
    if (ipv4.network().getAddress().length != 4) {
      throw new IllegalArgumentException(ipv4 + " is not an IPv4 range");
    }
    if (ipv6.network().getAddress().length != 16) {
      throw new IllegalArgumentException(ipv6 + " is not an IPv6 range");
    }
    int bits = Math.min(MAX_BITS, Math.min(ipv4.hostBits(), ipv6.hostBits()));
    return new VirtualRanges(ipv4, ipv6, (1 << bits) - 2);
  }

  /** The IPv4 and the IPv6 address of a slot. */
  public List<InetAddress> addresses(int slot) {
    if (slot < 1 || slot > slots) {
      throw new IllegalArgumentException("slot " + slot + " is not within 1 to " + slots);
    }
    return List.of(ipv4.address(slot), ipv6.address(slot));
  }
}
