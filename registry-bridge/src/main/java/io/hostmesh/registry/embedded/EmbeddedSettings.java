package io.hostmesh.registry.embedded;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.runtime.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The configuration of the embedded registry.
 *
 * @param host the address to listen at
 * @param port 0 for any free port
 * @param dataDir where the state is kept; without, as in tests, it ends with the process
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

  private static final Path DATA_DIR = Path.of("/var/lib/hostmesh-registry");
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
    HostPort listen =
        section.value("listen", HostPort::parse, HostPort.parse(RegistrySettings.DEFAULT_ADDRESS));
    return new EmbeddedSettings(
        listen.host(),
        listen.port(),
        Optional.of(section.value("data-dir", Path::of, DATA_DIR)),
        section.string("datacenter", RegistrySettings.DEFAULT_DATACENTER),
        section.string("node", "hostmesh-registry"),
        section.duration("remove-dead-nodes-after", REMOVE_AFTER),
        SessionRoutes.shortestOfConsul());
  }
}
