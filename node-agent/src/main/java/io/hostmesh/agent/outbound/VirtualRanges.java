package io.hostmesh.agent.outbound;

import io.hostmesh.model.AddressRange;
import java.net.InetAddress;
import java.util.List;

/**
 * Addresses that exist only in the mesh: nothing outside of it can be reached at them.
 *
 * @param ranges {@code capture.virtual} of agent.conf
 */
public record VirtualRanges(List<AddressRange> ranges) {
  public VirtualRanges {
    ranges = List.copyOf(ranges);
  }

  public boolean contains(InetAddress address) {
    for (int i = 0; i < ranges.size(); i++) {
      if (ranges.get(i).contains(address)) {
        return true;
      }
    }
    return false;
  }
}
