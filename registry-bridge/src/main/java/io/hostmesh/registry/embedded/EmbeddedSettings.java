package io.hostmesh.registry.embedded;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.RegistrySettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The configuration of the embedded registry.
 *
 * @param host the address to listen at
 * @param port 0 for any free port
 * @param dataDir where the state is kept; without, it ends with the process
 * @param node the name of the registry's own node, under which {@code /v1/agent} registers
 * @param removeDeadNodesAfter how long a node without heartbeat stays listed as critical
 * @param shortestSession the shortest lifetime of a session that is taken
 */
public record EmbeddedSettings(
    String host,
    int port,
    Optional<Path> dataDir,
    String datacenter,
    String node,
    Duration removeDeadNodesAfter,
    Duration shortestSession) {

  private static final Duration REMOVE_AFTER = Duration.ofHours(1);

  /** On a free port of the loopback address, without a disk: for tests. */
  public static EmbeddedSettings ephemeral() {
    return new EmbeddedSettings(
        "127.0.0.1",
        0,
        Optional.empty(),
        RegistrySettings.DEFAULT_DATACENTER,
        "hostmesh-registry",
        REMOVE_AFTER,
        Duration.ofSeconds(1));
  }

  public EmbeddedSettings withDataDir(Path directory) {
    return new EmbeddedSettings(
        host,
        port,
        Optional.of(directory),
        datacenter,
        node,
        removeDeadNodesAfter,
        shortestSession);
  }

  public EmbeddedSettings withPort(int fixed) {
    return new EmbeddedSettings(
        host, fixed, dataDir, datacenter, node, removeDeadNodesAfter, shortestSession);
  }

  public EmbeddedSettings withRemoveDeadNodesAfter(Duration after) {
    return new EmbeddedSettings(host, port, dataDir, datacenter, node, after, shortestSession);
  }

  /**
   * Reads {@code registry.conf}.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static EmbeddedSettings read(Section section) {
    Listen listen =
        section.value("listen", Listen::parse, Listen.parse(RegistrySettings.DEFAULT_ADDRESS));
    return new EmbeddedSettings(
        listen.host(),
        listen.port(),
        section.optionalValue("data-dir", Path::of),
        section.string("datacenter", RegistrySettings.DEFAULT_DATACENTER),
        section.string("node", "hostmesh-registry"),
        section.duration("remove-dead-nodes-after", REMOVE_AFTER),
        SessionRoutes.shortestOfConsul());
  }

  private record Listen(String host, int port) {
    static Listen parse(String text) {
      int colon = text.lastIndexOf(':');
      String host = colon < 0 ? "" : text.substring(0, colon).replaceAll("^\\[|]$", "");
      String port = text.substring(colon + 1);
      if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
        throw new IllegalArgumentException(
            "\"" + text + "\" is not address:port; write for instance 127.0.0.1:8500");
      }
      return new Listen(host, Integer.parseInt(port));
    }
  }
}
