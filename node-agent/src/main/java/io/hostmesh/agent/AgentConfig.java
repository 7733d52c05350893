package io.hostmesh.agent;

import io.hostmesh.agent.attestd.AttestdConfig;
import io.hostmesh.agent.identity.KeySettings;
import io.hostmesh.agent.redirect.CaptureSettings;
import io.hostmesh.model.Locality;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.admin.AdminAccess;
import io.hostmesh.runtime.admin.AuditLog;
import io.hostmesh.runtime.identity.CitadelSettings;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The agent's own configuration; {@code config/agent.conf} describes every key.
 *
 * @param pilots {@code pilot.address}: one or several, one of which is connected to
 * @param attestd {@code attestd.socket}: where the privileged helper is asked
 * @param resumption {@code tls.resumption}: whether TLS sessions between agents are resumed
 * @param keys {@code keys}: of which kinds the services' keys are
 * @param accessLog {@code access-log.file}: where a line goes for each request and connection
 * @param drainLimit {@code drain.limit}: how long calls under way may take to end after SIGTERM
 */
public record AgentConfig(
    NodeSettings node,
    String trustDomain,
    Folders folders,
    List<HostPort> pilots,
    CitadelSettings citadel,
    RegistrySettings registry,
    CaptureSettings capture,
    Listen listen,
    Dns dns,
    Mesh mesh,
    Path attestd,
    BalancePolicy balance,
    boolean resumption,
    KeySettings keys,
    Optional<Path> accessLog,
    WorkloadApiSettings workloadApi,
    Duration drainLimit) {

  /** Where the agent's state is unless {@code state-dir} says otherwise. */
  public static final Path DEFAULT_STATE_DIR = Path.of("/var/lib/hostmesh-agent");

  public static final Path DEFAULT_RUN_DIR = Path.of("/run/hostmesh-agent");
  private static final Path DEFAULT_ATTESTD = AttestdConfig.DEFAULT_SOCKET;
  private static final String DEFAULT_PILOT = "127.0.0.1:15012";

  public AgentConfig {
    pilots = List.copyOf(pilots);
  }

  /**
   * This host.
   *
   * @param name its name in the mesh; the machine's host name unless set
   * @param address where other hosts reach it; that of the default route's device unless set
   * @param locality {@code node.region} and {@code node.zone}
   */
  public record NodeSettings(
      Optional<String> name, Optional<InetAddress> address, Locality locality) {}

  /**
   * @param state what must outlive a reboot: identity, last good configuration
   * @param run what need not: the admin socket, changes to the kernel that are not confirmed
   * @param services the definitions of this host's services
   * @param adminSocket {@code admin.socket}; {@code agent.sock} in {@code run} unless set
   * @param access {@code admin.viewers}, {@code admin.editors}, {@code admin.admins}
   * @param audit the object {@code audit}
   */
  public record Folders(
      Path state,
      Path run,
      Path services,
      Optional<Path> adminSocket,
      AdminAccess access,
      AuditLog.Settings audit) {
    /** Where changes by operators are written: the agent's, and the capture command's. */
    public AuditLog auditLog(InstantSource clock) {
      return new AuditLog(state.resolve(AuditLog.FILE), "agent", audit, clock);
    }

    public Path socket() {
      return adminSocket.orElseGet(() -> run.resolve("agent.sock"));
    }
  }

  /** The ports of the agent; where a socket is passed in, that one is used instead. */
  public record Listen(
      int outbound, int inbound, int mesh, int dns, HostPort metrics, HostPort readiness) {}

  /**
   * @param upstreams {@code dns.upstreams}: who is asked for names that are not the mesh's; empty
   *     for those of resolv.conf
   */
  public record Dns(List<InetAddress> upstreams) {
    public Dns {
      upstreams = List.copyOf(upstreams);
    }
  }

  /**
   * The SPIFFE Workload API for applications of this host.
   *
   * @param enabled {@code workload-api.enabled}
   * @param socket {@code workload-api.socket}; {@code workload.sock} in {@code run-dir} unless set
   */
  public record WorkloadApiSettings(boolean enabled, Path socket) {}

  /** What becomes of a call by a process that belongs to no service. */
  public enum UnknownWorkload {
    /** It is refused with a sentence that says so. */
    REFUSE
  }

  public record Mesh(UnknownWorkload unknownWorkload) {}

  /**
   * Reads the document.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static AgentConfig read(Section section) {
    Section node = section.section("node");
    Path run = section.value("run-dir", Path::of, DEFAULT_RUN_DIR);
    return new AgentConfig(
        new NodeSettings(
            node.optionalValue("name", AgentConfig::label),
            node.optionalValue("address", InetAddress::ofLiteral),
            locality(node)),
        section.value("trust-domain", AgentConfig::domain, "hostmesh.local"),
        new Folders(
            section.value("state-dir", Path::of, DEFAULT_STATE_DIR),
            run,
            section.value("services-dir", Path::of, Path.of("/etc/hostmesh/services.d")),
            section.section("admin").optionalValue("socket", Path::of),
            AdminAccess.read(section.section("admin")),
            AuditLog.Settings.read(section.section("audit"))),
        addresses(section.section("pilot"), "address", DEFAULT_PILOT),
        CitadelSettings.ofNode(section.section("citadel")),
        RegistrySettings.read(section.section("registry")),
        CaptureSettings.read(section.section("capture")),
        listen(section),
        dns(section.section("dns")),
        new Mesh(
            section
                .section("mesh")
                .choice("unknown-workload", UnknownWorkload.class, UnknownWorkload.REFUSE)),
        section.section("attestd").value("socket", Path::of, DEFAULT_ATTESTD),
        balance(section),
        section.section("tls").bool("resumption", true),
        KeySettings.read(section.section("keys")),
        section.section("access-log").optionalValue("file", Path::of),
        new WorkloadApiSettings(
            section.section("workload-api").bool("enabled", true),
            section
                .section("workload-api")
                .value("socket", Path::of, run.resolve("workload.sock"))),
        section.section("drain").duration("limit", Duration.ofSeconds(30)));
  }

  private static Locality locality(Section node) {
    String region = node.optionalValue("region", Locality::name).orElse("");
    String zone = node.optionalValue("zone", Locality::name).orElse("");
    if (region.isEmpty() && !zone.isEmpty()) {
      throw node.refuse("zone", "is part of a region; set node.region too");
    }
    return new Locality(region, zone);
  }

  private static BalancePolicy balance(Section section) {
    BalancePolicy policy =
        section.choice("balance", BalancePolicy.class, BalancePolicy.LEAST_REQUEST);
    if (policy.hashes()) {
      throw section.refuse(
          "balance",
          policy.text() + " needs to know what to hash: it is for rules (kind = upstream)");
    }
    return policy;
  }

  private static Listen listen(Section section) {
    Section listen = section.section("listen");
    Listen ports =
        new Listen(
            listen.port("outbound", 15001),
            listen.port("inbound", 15006),
            listen.port("mesh", 15008),
            listen.port("dns", 15053),
            section
                .section("metrics")
                .value("listen", HostPort::parse, HostPort.parse("0.0.0.0:15020")),
            section
                .section("readiness")
                .value("listen", HostPort::parse, HostPort.parse("0.0.0.0:15021")));
    List<Integer> seen = new ArrayList<>();
    for (int port :
        List.of(
            ports.outbound(),
            ports.inbound(),
            ports.mesh(),
            ports.dns(),
            ports.metrics().port(),
            ports.readiness().port())) {
      if (port != 0 && seen.contains(port)) {
        throw section.refuse(
            "listen", "port " + port + " stands for two things; give each its own");
      }
      seen.add(port);
    }
    return ports;
  }

  private static Dns dns(Section section) {
    List<InetAddress> upstreams = new ArrayList<>();
    for (String text : section.strings("upstreams")) {
      try {
        upstreams.add(InetAddress.ofLiteral(text));
      } catch (IllegalArgumentException e) {
        throw section.refuse("upstreams", "\"" + text + "\" is not an IP address");
      }
    }
    return new Dns(upstreams);
  }

  private static List<HostPort> addresses(Section section, String key, String otherwise) {
    List<String> texts = section.strings(key);
    return (texts.isEmpty() ? List.of(otherwise) : texts)
        .stream().map(text -> address(section, key, text)).toList();
  }

  private static HostPort address(Section section, String key, String text) {
    HostPort address;
    try {
      address = HostPort.parse(text);
    } catch (IllegalArgumentException e) {
      throw section.refuse(key, String.valueOf(e.getMessage()));
    }
    if (address.port() == 0) {
      throw section.refuse(key, "port 0 cannot be called");
    }
    return address;
  }

  /** One DNS label, by the rule for all names. */
  private static String label(String text) {
    return ServiceName.of(text).name();
  }

  private static String domain(String text) {
    return new SpiffeId.Node(text, "node").trustDomain();
  }
}
