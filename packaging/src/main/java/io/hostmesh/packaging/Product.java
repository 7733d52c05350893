package io.hostmesh.packaging;

import java.util.List;

/** The packages that are installed on hosts, as .deb and as .rpm. Each stands alone. */
enum Product {
  AGENT(
      "hostmesh-agent",
      "Hostmesh node agent: the data plane of the service mesh on each host",
      List.of(Program.AGENT),
      List.of(Program.AGENT),
      "libc6, iproute2, nftables | iptables, passwd"),
  CONTROL(
      "hostmesh-control",
      "Hostmesh control plane: pilot, citadel and the embedded registry",
      List.of(Program.CITADEL, Program.PILOT, Program.REGISTRY),
      List.of(Program.CITADEL, Program.PILOT, Program.REGISTRY),
      "libc6, passwd"),
  /** With every program, since {@code hostmesh lab} runs a whole mesh on one machine. */
  COMMAND(
      "hostmesh",
      "Hostmesh command: rules, entitlements, status, and a mesh on one machine",
      List.of(Program.values()),
      List.of(),
      "libc6, iproute2, nftables | iptables");

  private final String packageName;
  private final String summary;
  private final List<Program> programs;
  private final List<Program> daemons;
  private final String depends;

  Product(
      String packageName,
      String summary,
      List<Program> programs,
      List<Program> daemons,
      String depends) {
    this.packageName = packageName;
    this.summary = summary;
    this.programs = programs;
    this.daemons = daemons;
    this.depends = depends;
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

  /** Debian's and Ubuntu's packages that it needs. */
  String depends() {
    return depends;
  }
}
