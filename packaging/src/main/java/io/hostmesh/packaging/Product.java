package io.hostmesh.packaging;

import java.util.List;

/** The packages that are installed on hosts, as .deb and as .rpm. Each stands alone. */
enum Product {
  AGENT(
      "hostmesh-agent",
      "Hostmesh node agent: the data plane of the service mesh on each host",
      List.of(Program.AGENT, Program.ATTESTD),
      List.of(Program.AGENT, Program.ATTESTD),
      List.of(Program.AGENT),
      "libc6, iproute2, nftables | iptables, passwd",
      List.of("iproute", "nftables", "shadow-utils")),
  CONTROL(
      "hostmesh-control",
      "Hostmesh control plane: pilot, citadel and the embedded registry",
      List.of(Program.CITADEL, Program.PILOT, Program.REGISTRY),
      List.of(Program.CITADEL, Program.PILOT, Program.REGISTRY),
      List.of(),
      "libc6, passwd",
      List.of("shadow-utils")),
  /** With every program, since {@code hostmesh lab} runs a whole mesh on one machine. */
  COMMAND(
      "hostmesh",
      "Hostmesh command: rules, entitlements, status, and a mesh on one machine",
      List.of(Program.values()),
      List.of(),
      List.of(Program.AGENT, Program.COMMAND),
      "libc6, iproute2, nftables | iptables",
      List.of("iproute", "nftables"));

  private final String packageName;
  private final String summary;
  private final List<Program> programs;
  private final List<Program> daemons;
  private final List<Program> cached;
  private final String depends;
  private final List<String> requires;

  Product(
      String packageName,
      String summary,
      List<Program> programs,
      List<Program> daemons,
      List<Program> cached,
      String depends,
      List<String> requires) {
    this.packageName = packageName;
    this.summary = summary;
    this.programs = programs;
    this.daemons = daemons;
    this.cached = cached;
    this.depends = depends;
    this.requires = requires;
  }

  String packageName() {
    return packageName;
  }

  /** One line. */
  String summary() {
    return summary;
  }

  /** What it brings under {@code /usr/lib/<package>}. */
  List<Program> programs() {
    return programs;
  }

  /**
   * Those that systemd runs, in the order of starting: each has a service unit, a user and a
   * configuration.
   */
  List<Program> daemons() {
    return daemons;
  }

  /**
   * Those of its programs whose AOT cache it brings, at 15 MB of download and 70 MB of disk each:
   * where calls wait for the start, or a person does. The control plane's daemons are in no call's
   * road and start once; their caches would make up half of the packages and of the time to build
   * them, and save a lab that runs from a package some seconds.
   */
  List<Program> cached() {
    return cached;
  }

  /** Debian's and Ubuntu's packages that it needs. */
  String depends() {
    return depends;
  }

  /** The same of Fedora's, Red Hat's and their kin. */
  List<String> requires() {
    return requires;
  }
}
