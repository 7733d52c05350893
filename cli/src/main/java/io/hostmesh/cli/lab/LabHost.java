package io.hostmesh.cli.lab;

import java.util.ArrayList;
import java.util.List;

/**
 * A host of the lab. Labs cannot reach each other, so all have the same addresses.
 *
 * @param name {@code h1} to {@code h50}, or {@link #HUB}
 * @param ipv4 in 10.99.0.0/24
 * @param ipv6 in fd99::/64
 */
record LabHost(String name, String ipv4, String ipv6) {
  /** Where the control plane runs, and what lies beyond the default route of the hosts. */
  static final LabHost HUB = new LabHost("hub", "10.99.0.1", "fd99::1");

  static final int MAX = 50;

  static LabHost of(int number) {
    return new LabHost("h" + number, "10.99.0." + (10 + number), "fd99::" + (10 + number));
  }

  /** The hosts of a lab of this size, without the hub. */
  static List<LabHost> all(int count) {
    List<LabHost> hosts = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      hosts.add(of(i));
    }
    return List.copyOf(hosts);
  }

  boolean isHub() {
    return name.equals(HUB.name);
  }
}
