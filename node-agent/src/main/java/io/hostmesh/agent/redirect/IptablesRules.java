package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A plan as the input of {@code iptables-restore --noflush}, one for each family: each table is
 * taken as a whole or not at all, and chains that are not ours stay as they are. Known instances
 * are a rule an address, so this backend suits meshes of hundreds of instances; nft's sets suit
 * more.
 */
final class IptablesRules {
  static final String PREFIX = "HOSTMESH_";
  static final String OUTBOUND = PREFIX + "OUTBOUND";
  static final String INBOUND = PREFIX + "INBOUND";
  static final String SERVICES = PREFIX + "SERVICES";
  static final String ENDPOINTS = PREFIX + "ENDPOINTS";
  static final String CAPTURE = PREFIX + "CAPTURE";
  static final String DNS = PREFIX + "DNS";
  static final String REFUSE = PREFIX + "REFUSE";
  static final String SOURCE_ZONE = PREFIX + "SOURCE_ZONE";
  static final String SOURCE_ANSWERS = PREFIX + "SOURCE_ANSWERS";

  /** Tables that only a plan with a source mark needs. */
  private static final List<String> SOURCE_TABLES = List.of("raw", "mangle");

  private static final List<String> TABLES = List.of("raw", "mangle", "nat", "filter");

  private static final List<String> NAT_CHAINS =
      List.of(OUTBOUND, INBOUND, SERVICES, ENDPOINTS, CAPTURE, DNS);

  /** The multiport match takes 15 ports. */
  private static final int PORTS_A_RULE = 15;

  /** Which jump leads from a chain of the kernel's into one of ours. */
  private record Jump(String table, String from, String to) {}

  private static final List<Jump> JUMPS =
      List.of(
          new Jump("nat", "OUTPUT", OUTBOUND),
          new Jump("nat", "PREROUTING", INBOUND),
          new Jump("filter", "INPUT", REFUSE),
          new Jump("raw", "OUTPUT", SOURCE_ZONE),
          new Jump("mangle", "OUTPUT", SOURCE_ANSWERS));

  private IptablesRules() {}

  /**
   * Replaces our chains; adds the jumps to them that are missing.
   *
   * @param current what {@code iptables-save} says now
   */
  static String full(CapturePlan plan, boolean ipv4, String current) {
    List<String> lines = new ArrayList<>();
    lines.add("*nat");
    NAT_CHAINS.forEach(chain -> lines.add(":" + chain + " - [0:0]"));
    outbound(lines, plan, ipv4);
    inbound(lines, plan, ipv4);
    services(lines, plan);
    endpoints(lines, plan, ipv4);
    capture(lines, plan.ports(), ipv4);
    dns(lines, plan, ipv4);
    jumps(lines, "nat", current);
    lines.add("COMMIT");
    lines.add("*filter");
    lines.add(":" + REFUSE + " - [0:0]");
    refuse(lines, plan, ipv4);
    jumps(lines, "filter", current);
    lines.add("COMMIT");
    if (plan.sourceMark().isEmpty()) {
      return text(lines) + removal(current, SOURCE_TABLES);
    }
    source(lines, "0x" + Integer.toHexString(plan.sourceMark().getAsInt()), current);
    return text(lines);
  }

  /** Replaces what may change without a change of the rules: known instances, service ports. */
  static String update(CapturePlan plan, boolean ipv4) {
    List<String> lines = new ArrayList<>();
    lines.add("*nat");
    lines.add(":" + SERVICES + " - [0:0]");
    lines.add(":" + ENDPOINTS + " - [0:0]");
    services(lines, plan);
    endpoints(lines, plan, ipv4);
    lines.add("COMMIT");
    return text(lines);
  }

  /** Removes our jumps and chains, as far as they are there; empty where nothing of ours is. */
  static String removal(String current) {
    return removal(current, TABLES);
  }

  private static String removal(String current, List<String> tables) {
    StringBuilder text = new StringBuilder();
    for (String table : tables) {
      List<String> ours = ofTable(table, current);
      if (ours.isEmpty()) {
        continue;
      }
      List<String> lines = new ArrayList<>();
      lines.add("*" + table);
      ours.stream()
          .filter(line -> line.startsWith("-A ") && !line.startsWith("-A " + PREFIX))
          .forEach(line -> lines.add("-D " + line.substring(3)));
      List<String> chains =
          ours.stream()
              .filter(line -> line.startsWith(":"))
              .map(line -> line.substring(1, line.indexOf(' ')))
              .toList();
      chains.forEach(chain -> lines.add("-F " + chain));
      chains.forEach(chain -> lines.add("-X " + chain));
      lines.add("COMMIT");
      text.append(text(lines));
    }
    return text.toString();
  }

  /** Our part of what {@code iptables-save} says, as input that loads it again. */
  static String ours(String current) {
    StringBuilder text = new StringBuilder();
    for (String table : TABLES) {
      List<String> lines = ofTable(table, current);
      if (!lines.isEmpty()) {
        text.append('*').append(table).append('\n').append(text(lines)).append("COMMIT\n");
      }
    }
    return text.toString();
  }

  /** The part of {@link #ours} that only a change of the rules changes. */
  static String lasting(String ours) {
    return text(
        ours.lines()
            .filter(
                line -> !line.startsWith("-A " + SERVICES) && !line.startsWith("-A " + ENDPOINTS))
            .toList());
  }

  private static List<String> ofTable(String table, String current) {
    List<String> lines = new ArrayList<>();
    boolean inside = false;
    for (String line : current.lines().toList()) {
      if (line.startsWith("*")) {
        inside = line.equals("*" + table);
      } else if (inside && (line.startsWith(":" + PREFIX) || isRuleOfOurs(line))) {
        lines.add(line.startsWith(":") ? line.replaceFirst("\\[.*]", "[0:0]") : line);
      }
    }
    return lines;
  }

  private static boolean isRuleOfOurs(String line) {
    return line.startsWith("-A " + PREFIX)
        || JUMPS.stream().anyMatch(jump -> line.equals("-A " + jump.from() + " -j " + jump.to()));
  }

  private static void jumps(List<String> lines, String table, String current) {
    List<String> present = ofTable(table, current);
    for (Jump jump : JUMPS) {
      if (jump.table().equals(table)
          && !present.contains("-A " + jump.from() + " -j " + jump.to())) {
        lines.add("-I " + jump.from() + " 1 -j " + jump.to());
      }
    }
  }

  private static void outbound(List<String> lines, CapturePlan plan, boolean ipv4) {
    String rule = "-A " + OUTBOUND + " ";
    Exclusions exclusions = plan.exclusions();
    lines.add(rule + "-m owner --uid-owner " + plan.agentUid() + " -j RETURN");
    lines.add(rule + "-m mark --mark 0x" + Integer.toHexString(plan.mark()) + " -j RETURN");
    lines.add(rule + "-p tcp -m tcp --dport " + CapturePlan.SSH + " -j RETURN");
    exclusions.uids().forEach(u -> lines.add(rule + "-m owner --uid-owner " + u + " -j RETURN"));
    lines.add(rule + "-j " + DNS);
    batches(exclusions.ports())
        .forEach(ports -> lines.add(rule + "-p tcp -m multiport --dports " + ports + " -j RETURN"));
    plan.excluded(ipv4).forEach(range -> lines.add(rule + "-d " + range + " -p tcp -j RETURN"));
    String capture = " -j " + CAPTURE;
    plan.virtual(ipv4).forEach(range -> lines.add(rule + "-d " + range + " -p tcp" + capture));
    // A virtual address is local too, by its route: so it comes first.
    lines.add(rule + "-p tcp -m addrtype --dst-type LOCAL -j " + SERVICES);
    lines.add(rule + "-p tcp -j " + ENDPOINTS);
    if (plan.scope() == CaptureScope.ALL) {
      lines.add(rule + "-p tcp -m addrtype ! --dst-type LOCAL" + capture);
    }
  }

  private static void inbound(List<String> lines, CapturePlan plan, boolean ipv4) {
    String rule = "-A " + INBOUND + " ";
    // What stays on the host was decided on its way out; the agent's own calls among it.
    lines.add(rule + "-i lo -j RETURN");
    lines.add(rule + "-p tcp -m tcp --dport " + CapturePlan.SSH + " -j RETURN");
    // To a socket that listens on the bridge's address too, where it is told from calls from
    // outside.
    String capture = " -p tcp -j REDIRECT --to-ports " + plan.ports().inbound();
    for (String bridge : plan.bridges()) {
      plan.virtual(ipv4)
          .forEach(
              range ->
                  lines.add(rule + "-d " + range + " -i " + bridge.replace('*', '+') + capture));
    }
    plan.virtual(ipv4).forEach(range -> lines.add(rule + "-d " + range + " -j RETURN"));
    lines.add(rule + "-p tcp -m addrtype --dst-type LOCAL -j " + SERVICES);
  }

  private static void services(List<String> lines, CapturePlan plan) {
    for (String ports : batches(plan.servicePorts())) {
      lines.add(
          "-A "
              + SERVICES
              + " -p tcp -m multiport --dports "
              + ports
              + " -j REDIRECT --to-ports "
              + plan.ports().inbound());
    }
  }

  private static void endpoints(List<String> lines, CapturePlan plan, boolean ipv4) {
    SortedMap<String, List<Integer>> byAddress = new TreeMap<>();
    plan.endpoints(ipv4)
        .forEach(
            endpoint ->
                byAddress
                    .computeIfAbsent(host(endpoint), _ -> new ArrayList<>())
                    .add(endpoint.getPort()));
    byAddress.forEach(
        (address, all) ->
            batches(all)
                .forEach(
                    ports ->
                        lines.add(
                            "-A "
                                + ENDPOINTS
                                + " -d "
                                + address
                                + " -p tcp -m multiport --dports "
                                + ports
                                + " -j "
                                + CAPTURE)));
  }

  private static void capture(List<String> lines, CapturePorts ports, boolean ipv4) {
    if (!ipv4 || !ports.spread()) {
      lines.add("-A " + CAPTURE + " -p tcp -j REDIRECT --to-ports " + ports.outbound());
      return;
    }
    int mask = CapturePorts.SPREAD.size() - 1;
    for (int i = 0; i <= mask; i++) {
      lines.add(
          "-A %s -d 0.0.0.%d/0.0.0.%d -p tcp -j DNAT --to-destination %s:%d"
              .formatted(
                  CAPTURE, i, mask, CapturePorts.SPREAD.get(i).getHostAddress(), ports.outbound()));
    }
  }

  private static void dns(List<String> lines, CapturePlan plan, boolean ipv4) {
    for (InetAddress server : plan.nameservers(ipv4).toList()) {
      for (String protocol : List.of("udp", "tcp")) {
        lines.add(
            "-A "
                + DNS
                + " -d "
                + server.getHostAddress()
                + " -p "
                + protocol
                + " --dport 53 -j REDIRECT --to-ports "
                + plan.ports().dns());
      }
    }
  }

  /**
   * What still bears a virtual address when it arrives was not captured: UDP, port 22, exempt
   * callers, packets from outside. No listener on a wildcard address may take it for its own.
   */
  private static void refuse(List<String> lines, CapturePlan plan, boolean ipv4) {
    String unreachable = ipv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
    for (AddressRange range : plan.virtual(ipv4).toList()) {
      String rule = "-A " + REFUSE + " -d " + range;
      lines.add(rule + " -p tcp -j REJECT --reject-with tcp-reset");
      lines.add(rule + " -p udp -j REJECT --reject-with " + unreachable);
    }
  }

  /**
   * What the agent sends from a caller's address is tracked apart: the caller may have a connection
   * of its own between the same addresses and ports. Its answers, told by the usual tracking, get
   * the mark that routes them back to the agent instead of to the caller.
   */
  private static void source(List<String> lines, String mark, String current) {
    lines.add("*raw");
    lines.add(":" + SOURCE_ZONE + " - [0:0]");
    lines.add(
        "-A %s -m mark --mark %s -j CT --zone-orig %d"
            .formatted(SOURCE_ZONE, mark, CaptureRoutes.SOURCE_TABLE));
    jumps(lines, "raw", current);
    lines.add("COMMIT");
    lines.add("*mangle");
    lines.add(":" + SOURCE_ANSWERS + " - [0:0]");
    lines.add(
        "-A %s -m mark --mark %s -m conntrack --ctstate NEW -j CONNMARK --set-mark %s"
            .formatted(SOURCE_ANSWERS, mark, mark));
    lines.add(
        "-A %s -m conntrack --ctdir REPLY -m connmark --mark %s -j MARK --set-mark %s"
            .formatted(SOURCE_ANSWERS, mark, mark));
    jumps(lines, "mangle", current);
    lines.add("COMMIT");
  }

  private static String host(InetSocketAddress endpoint) {
    return endpoint.getAddress().getHostAddress();
  }

  private static List<String> batches(Collection<Integer> ports) {
    List<Integer> sorted = ports.stream().sorted().toList();
    List<String> batches = new ArrayList<>();
    for (int i = 0; i < sorted.size(); i += PORTS_A_RULE) {
      List<Integer> batch = sorted.subList(i, Math.min(sorted.size(), i + PORTS_A_RULE));
      batches.add(String.join(",", batch.stream().map(String::valueOf).toList()));
    }
    return batches;
  }

  private static String text(List<String> lines) {
    return String.join("\n", lines) + "\n";
  }
}
