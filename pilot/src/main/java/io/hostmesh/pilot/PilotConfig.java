package io.hostmesh.pilot;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.pilot.catalog.CatalogGuard;
import io.hostmesh.pilot.catalog.VirtualRanges;
import io.hostmesh.pilot.snapshot.MeshTerms;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.admin.AdminSettings;
import io.hostmesh.runtime.identity.CitadelSettings;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Pilot's configuration; {@code config/pilot.conf} describes every key.
 *
 * @param listen where agents connect
 * @param metrics where monitoring asks
 * @param signedRules {@code rules.signed}: whether rules need an operator's signature
 * @param stateDir its identity and its last good inputs; mode 0700
 * @param rest how long a virtual address rests after its service has gone
 * @param removeNodesAfter how long a node without a heartbeat stays listed as critical
 */
public record PilotConfig(
    MeshTerms mesh,
    HostPort listen,
    HostPort metrics,
    AdminSettings admin,
    boolean signedRules,
    Path stateDir,
    RegistrySettings registry,
    CitadelSettings citadel,
    VirtualRanges virtualAddresses,
    Duration rest,
    CatalogGuard.Limits guard,
    Duration removeNodesAfter) {
  public static final Path DEFAULT_FILE = Path.of("/etc/hostmesh/pilot.conf");
  public static final Path DEFAULT_SOCKET = Path.of("/run/hostmesh-pilot/pilot.sock");

  /** Whether a service without an access rule is open to every identity of the mesh. */
  enum Access {
    ALLOW,
    DENY
  }

  /** What happens to callers outside the mesh. */
  enum Mode {
    PERMISSIVE,
    STRICT
  }

  /**
   * @throws HoconException where a value cannot be used
   */
  public static PilotConfig read(Section section) {
    RegistrySettings registry = RegistrySettings.read(section.section("registry"));
    Section virtual = section.section("virtual-addresses");
    return new PilotConfig(
        mesh(section.section("mesh"), registry),
        section.value("listen", HostPort::parse, HostPort.parse("0.0.0.0:15012")),
        section
            .section("metrics")
            .value("listen", HostPort::parse, HostPort.parse("127.0.0.1:15014")),
        AdminSettings.read(section, DEFAULT_SOCKET),
        section.section("rules").bool("signed", false),
        section.value("state-dir", Path::of, Path.of("/var/lib/hostmesh-pilot")),
        registry,
        CitadelSettings.read(section.section("citadel")),
        ranges(virtual),
        virtual.duration("rest", Duration.ofHours(24)),
        guard(section.section("guard")),
        section.section("registry-nodes").duration("remove-after", Duration.ofHours(72)));
  }

  private static MeshTerms mesh(Section mesh, RegistrySettings registry) {
    return new MeshTerms(
        mesh.string("trust-domain", "hostmesh.local"),
        mesh.string("datacenter", registry.datacenter()),
        mesh.choice("default-access", Access.class, Access.ALLOW) == Access.ALLOW,
        mesh.choice("mode", Mode.class, Mode.PERMISSIVE) == Mode.STRICT);
  }

  private static VirtualRanges ranges(Section virtual) {
    VirtualRanges.Range ipv4 =
        virtual.value("ipv4", VirtualRanges.Range::parse, VirtualRanges.Range.parse("241.0.0.0/8"));
    VirtualRanges.Range ipv6 =
        virtual.value(
            "ipv6", VirtualRanges.Range::parse, VirtualRanges.Range.parse("fd48:6f73:746d::/64"));
    try {
      return VirtualRanges.of(ipv4, ipv6);
    } catch (IllegalArgumentException e) {
      throw new HoconException(virtual.origin(), String.valueOf(e.getMessage()), e);
    }
  }

  private static CatalogGuard.Limits guard(Section guard) {
    CatalogGuard.Limits otherwise = CatalogGuard.Limits.DEFAULT;
    return new CatalogGuard.Limits(
        guard.integer("percent", 1, 100, otherwise.percent()),
        guard.integer("at-least", 1, 1_000_000, otherwise.atLeast()),
        guard.duration("hold", otherwise.hold()));
  }
}
