package io.hostmesh.agent.outbound;

import java.net.Inet4Address;
import java.net.InetAddress;

/** Addresses that exist only in the mesh: nothing outside of it can be reached at them. */
final class VirtualRange {
  private VirtualRange() {}

  /** 240.0.0.0/4 (RFC 1112 section 4) and unique local addresses' fd00::/8 (RFC 4193). */
  static boolean contains(InetAddress address) {
    int first = address.getAddress()[0] & 0xff;
    return address instanceof Inet4Address ? first >= 240 : first == 0xfd;
  }
}
