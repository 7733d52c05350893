package io.hostmesh.agent.redirect;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A plan as the text of {@code nft -f}: one transaction, which the kernel takes as a whole or not
 * at all. All of it lives in one table of our own.
 */
final class NftRules {
  static final String TABLE = "inet hostmesh";

  /** Loads nothing where there is no table, and removes it where there is one. */
  static final String REMOVAL = "table " + TABLE + "\ndelete table " + TABLE + "\n";

  static final String DNS_OPEN = "flush chain " + TABLE + " dns\n";

  private NftRules() {}

  /** Replaces whatever table of ours is there. */
  static String full(CapturePlan plan) {
    List<String> lines = new ArrayList<>();
    lines.add("table " + TABLE + " {");
    set(lines, "endpoints4", "ipv4_addr . inet_service", elements(plan.endpoints(true)));
    set(lines, "endpoints6", "ipv6_addr . inet_service", elements(plan.endpoints(false)));
    set(lines, "service_ports", "inet_service", ports(plan.servicePorts()));
    chain(lines, "dns", dns(plan));
    if (plan.ports().spread()) {
      chain(lines, "capture4", spread(plan.ports()));
    }
    chain(lines, "outbound", outbound(plan));
    chain(lines, "inbound", inbound(plan));
    chain(lines, "refuse", refuse(plan));
    if (plan.sourceMark().isPresent()) {
      String mark = "0x" + Integer.toHexString(plan.sourceMark().getAsInt());
      chain(lines, "source_zone", sourceZone(mark));
      chain(lines, "source_answers", sourceAnswers(mark));
    }
    lines.add("}");
    return REMOVAL + String.join("\n", lines) + "\n";
  }

  /** Brings the sets from one plan to another whose rules are the same; may be empty. */
  static String update(CapturePlan from, CapturePlan to) {
    StringBuilder text = new StringBuilder();
    for (boolean ipv4 : new boolean[] {true, false}) {
      Set<InetSocketAddress> old = from.endpoints(ipv4).collect(Collectors.toSet());
      Set<InetSocketAddress> now = to.endpoints(ipv4).collect(Collectors.toSet());
      String set = ipv4 ? "endpoints4" : "endpoints6";
      change(
          text, "delete", set, elements(without(old, now).stream().sorted(CapturePlan.BY_ADDRESS)));
      change(text, "add", set, elements(without(now, old).stream().sorted(CapturePlan.BY_ADDRESS)));
    }
    change(text, "delete", "service_ports", ports(without(from.servicePorts(), to.servicePorts())));
    change(text, "add", "service_ports", ports(without(to.servicePorts(), from.servicePorts())));
    return text.toString();
  }

  private static <T> Set<T> without(Set<T> all, Set<T> some) {
    Set<T> rest = new HashSet<>(all);
    rest.removeAll(some);
    return rest;
  }

  private static void change(StringBuilder text, String verb, String set, List<String> elements) {
    if (!elements.isEmpty()) {
      text.append(verb).append(" element ").append(TABLE).append(' ').append(set);
      text.append(" { ").append(String.join(", ", elements)).append(" }\n");
    }
  }

  private static List<String> dns(CapturePlan plan) {
    List<String> rules = new ArrayList<>();
    for (boolean ipv4 : new boolean[] {true, false}) {
      anyOf(plan.nameservers(ipv4).map(InetAddress::getHostAddress))
          .forEach(
              servers ->
                  rules.add(
                      "meta l4proto { tcp, udp } th dport 53 "
                          + family(ipv4)
                          + " daddr "
                          + servers
                          + " redirect to :"
                          + plan.ports().dns()));
    }
    return rules;
  }

  private static List<String> outbound(CapturePlan plan) {
    List<String> rules = new ArrayList<>();
    rules.add("type nat hook output priority -100; policy accept;");
    rules.add("meta skuid " + plan.agentUid() + " return");
    rules.add("meta mark 0x" + Integer.toHexString(plan.mark()) + " return");
    rules.add("tcp dport " + CapturePlan.SSH + " return");
    Exclusions exclusions = plan.exclusions();
    anyOf(exclusions.uids().stream()).forEach(uids -> rules.add("meta skuid " + uids + " return"));
    rules.add("jump dns");
    rules.add("meta l4proto != tcp return");
    anyOf(exclusions.ports().stream()).forEach(p -> rules.add("tcp dport " + p + " return"));
    forEachFamily(
        plan::excluded, (family, ranges) -> rules.add(family + " daddr " + ranges + " return"));
    String capture6 = "redirect to :" + plan.ports().outbound();
    String capture4 = plan.ports().spread() ? "jump capture4" : capture6;
    forEachFamily(
        plan::virtual,
        (family, ranges) ->
            rules.add(
                family
                    + " daddr "
                    + ranges
                    + " meta l4proto tcp "
                    + (family.equals("ip") ? capture4 : capture6)));
    // A virtual address is local too, by its route: so it comes first.
    rules.add(services(plan));
    rules.add("ip daddr . tcp dport @endpoints4 " + capture4);
    rules.add("ip6 daddr . tcp dport @endpoints6 " + capture6);
    if (plan.scope() == CaptureScope.ALL) {
      String elsewhere = " fib daddr type != local meta l4proto tcp ";
      rules.add("meta nfproto ipv4" + elsewhere + capture4);
      rules.add("meta nfproto ipv6" + elsewhere + capture6);
    }
    return rules;
  }

  private static List<String> spread(CapturePorts ports) {
    List<String> rules = new ArrayList<>();
    int mask = CapturePorts.SPREAD.size() - 1;
    for (int i = 0; i <= mask; i++) {
      rules.add(
          "ip daddr & 0.0.0.%d == 0.0.0.%d meta l4proto tcp dnat ip to %s:%d"
              .formatted(mask, i, CapturePorts.SPREAD.get(i).getHostAddress(), ports.outbound()));
    }
    return rules;
  }

  private static List<String> inbound(CapturePlan plan) {
    List<String> rules = new ArrayList<>();
    rules.add("type nat hook prerouting priority -100; policy accept;");
    // What stays on the host was decided on its way out; the agent's own calls among it.
    rules.add("iifname \"lo\" return");
    rules.add("tcp dport " + CapturePlan.SSH + " return");
    // To a socket that listens on the bridge's address too, where it is told from calls from
    // outside.
    for (String bridge : plan.bridges()) {
      forEachFamily(
          plan::virtual,
          (family, ranges) ->
              rules.add(
                  "iifname \"%s\" %s daddr %s meta l4proto tcp redirect to :%d"
                      .formatted(bridge, family, ranges, plan.ports().inbound())));
    }
    forEachFamily(
        plan::virtual, (family, ranges) -> rules.add(family + " daddr " + ranges + " return"));
    rules.add(services(plan));
    return rules;
  }

  /**
   * What still bears a virtual address when it arrives was not captured: UDP, port 22, exempt
   * callers, packets from outside. No listener on a wildcard address may take it for its own.
   */
  private static List<String> refuse(CapturePlan plan) {
    List<String> rules = new ArrayList<>();
    rules.add("type filter hook input priority 0; policy accept;");
    forEachFamily(
        plan::virtual,
        (family, ranges) -> {
          rules.add(family + " daddr " + ranges + " meta l4proto tcp reject with tcp reset");
          // nft lists it in this form, and so reads its own listing to the same rule.
          String unreachable = family.equals("ip") ? "icmp" : "icmpv6";
          rules.add(
              "%s daddr %s meta l4proto udp reject with %s port-unreachable"
                  .formatted(family, ranges, unreachable));
        });
    return rules;
  }

  /**
   * What the agent sends from a caller's address is tracked apart: the caller may have a connection
   * of its own between the same addresses and ports. Answers are told by the usual tracking.
   */
  private static List<String> sourceZone(String mark) {
    return List.of(
        "type filter hook output priority -300; policy accept;",
        "meta mark " + mark + " ct original zone set " + CaptureRoutes.SOURCE_TABLE);
  }

  /** Its answers get the mark that routes them back to the agent instead of to the caller. */
  private static List<String> sourceAnswers(String mark) {
    return List.of(
        "type route hook output priority -150; policy accept;",
        "meta mark " + mark + " ct state new ct mark set " + mark,
        "ct direction reply ct mark " + mark + " meta mark set " + mark);
  }

  private static String services(CapturePlan plan) {
    return "fib daddr type local tcp dport @service_ports redirect to :" + plan.ports().inbound();
  }

  private static void forEachFamily(
      java.util.function.Function<Boolean, Stream<?>> items,
      java.util.function.BiConsumer<String, String> rule) {
    for (boolean ipv4 : new boolean[] {true, false}) {
      anyOf(items.apply(ipv4)).forEach(any -> rule.accept(family(ipv4), any));
    }
  }

  /** One anonymous set of all of them, or nothing where there are none. */
  private static Stream<String> anyOf(Stream<?> items) {
    String joined = items.map(String::valueOf).collect(Collectors.joining(", "));
    return joined.isEmpty() ? Stream.empty() : Stream.of("{ " + joined + " }");
  }

  private static String family(boolean ipv4) {
    return ipv4 ? "ip" : "ip6";
  }

  private static List<String> elements(Stream<InetSocketAddress> endpoints) {
    return endpoints.map(e -> e.getAddress().getHostAddress() + " . " + e.getPort()).toList();
  }

  private static List<String> ports(Collection<Integer> ports) {
    return ports.stream().sorted().map(String::valueOf).toList();
  }

  private static void set(List<String> lines, String name, String type, List<String> elements) {
    lines.add("  set " + name + " {");
    lines.add("    type " + type);
    if (!elements.isEmpty()) {
      lines.add("    elements = { " + String.join(", ", elements) + " }");
    }
    lines.add("  }");
  }

  private static void chain(List<String> lines, String name, List<String> rules) {
    lines.add("  chain " + name + " {");
    rules.forEach(rule -> lines.add("    " + rule));
    lines.add("  }");
  }
}
