package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * What this process may do, from {@code /proc/self/status}. A child of a process that is not root
 * keeps only ambient capabilities (capabilities(7)), and it is children (nft, iptables, ip) that
 * change the rules.
 */
record Capabilities(int uid, long effective, long ambient) {
  private static final long NET_ADMIN = 1L << 12;

  static Capabilities ofThisProcess() {
    try {
      return parse(Files.readAllLines(Path.of("/proc/thread-self/status")));
    } catch (IOException e) {
      throw new UserError("capture: cannot read /proc/thread-self/status: " + e, e);
    }
  }

  static Capabilities parse(List<String> status) {
    return new Capabilities(
        Integer.parseInt(field(status, "Uid:").split("\\s+", -1)[1]),
        HexFormat.fromHexDigitsToLong(field(status, "CapEff:")),
        HexFormat.fromHexDigitsToLong(field(status, "CapAmb:")));
  }

  private static String field(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip())
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no " + name + " in a process's status"));
  }

  /**
   * @throws UserError where rules cannot be changed, saying what to do
   */
  void requireNetAdmin() {
    if ((effective & NET_ADMIN) == 0) {
      throw new UserError(
          "capture: needs CAP_NET_ADMIN, which this process (uid "
              + uid
              + ") does not have; run it"
              + " as root, or give the unit AmbientCapabilities=CAP_NET_ADMIN");
    }
    if (uid != 0 && (ambient & NET_ADMIN) == 0) {
      throw new UserError(
          "capture: this process (uid "
              + uid
              + ") has CAP_NET_ADMIN but cannot hand it to nft and"
              + " ip; make it ambient: AmbientCapabilities=CAP_NET_ADMIN in the unit, or setpriv"
              + " --inh-caps +net_admin --ambient-caps +net_admin");
    }
  }
}
