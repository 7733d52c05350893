package io.hostmesh.agent.life;

import io.hostmesh.agent.redirect.ResolvConf;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * The host's name servers, as its resolv.conf names them now. What the host asks them is captured,
 * and the agent asks them on. Safe for any thread.
 */
final class NameServers {
  private static final System.Logger LOG = System.getLogger(NameServers.class.getName());
  private static final long LOOK_MILLIS = 5_000;
  private static final int DNS = 53;

  private final Path file;
  private final List<InetAddress> configured;
  private volatile List<InetAddress> ofHost;

  /**
   * Reads the file now and looks at it again from time to time.
   *
   * @param configured who is asked on; empty for those of the file
   */
  NameServers(Vertx vertx, Path file, List<InetAddress> configured, Runnable changed) {
    this.file = file;
    this.configured = configured;
    this.ofHost = read(List.of());
    vertx.setPeriodic(
        LOOK_MILLIS,
        _ ->
            vertx.executeBlocking(
                () -> {
                  List<InetAddress> before = ofHost;
                  ofHost = read(before);
                  if (!ofHost.equals(before)) {
                    changed.run();
                  }
                  return ofHost;
                }));
  }

  private List<InetAddress> read(List<InetAddress> otherwise) {
    try {
      return ResolvConf.nameservers(file);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, file + " cannot be read: " + e.getMessage());
      return otherwise;
    }
  }

  /** Those that the host's programs ask. */
  List<InetAddress> ofHost() {
    return ofHost;
  }

  /** Those that the agent asks. */
  List<InetSocketAddress> upstreams() {
    List<InetAddress> asked = configured.isEmpty() ? ofHost : configured;
    return asked.stream().map(address -> new InetSocketAddress(address, DNS)).toList();
  }
}
