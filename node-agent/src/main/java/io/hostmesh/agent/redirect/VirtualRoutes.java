package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.util.ArrayList;
import java.util.List;

/**
 * The routes that make virtual addresses local: without one, connect(2) fails before any rule is
 * asked. Ours are those of routing protocol {@value #PROTOCOL}, so that they are found again by
 * whoever removes them. Their source is the loopback address, so that no reply ever goes to a
 * virtual address.
 */
final class VirtualRoutes {
  /** A number that nobody uses: /etc/iproute2/rt_protos and rtnetlink.h know up to 192. */
  static final int PROTOCOL = 215;

  private final Tools tools;

  VirtualRoutes(Tools tools) {
    this.tools = tools;
  }

  /** Brings the routes to those of the plan. */
  void apply(CapturePlan plan) {
    for (boolean ipv4 : new boolean[] {true, false}) {
      List<String> wanted = plan.virtual(ipv4).map(AddressRange::toString).toList();
      List<String> present = present(ipv4);
      for (String range : present) {
        if (!wanted.contains(range)) {
          change(command(ipv4, "del", range));
        }
      }
      for (String range : wanted) {
        if (!present.contains(range)) {
          change(command(ipv4, "replace", range));
        }
      }
    }
  }

  void remove() {
    for (boolean ipv4 : new boolean[] {true, false}) {
      present(ipv4).forEach(range -> change(command(ipv4, "del", range)));
    }
  }

  /** Our ranges that have a route now; none where the host does not speak the family. */
  List<String> present(boolean ipv4) {
    Tools.Answer answer =
        tools.run("ip", family(ipv4), "route", "show", "table", "local", "proto", "" + PROTOCOL);
    if (!answer.succeeded()) {
      return List.of();
    }
    List<String> ranges = new ArrayList<>();
    for (String line : answer.output().lines().toList()) {
      String[] words = line.strip().split(" ", -1);
      if (words.length > 1 && words[0].equals("local")) {
        ranges.add(AddressRange.parse(words[1]).toString());
      }
    }
    return ranges;
  }

  /** Shell commands that remove all our routes. */
  static String removing() {
    return """
        ip -4 route flush table local proto %1$d 2>/dev/null
        ip -6 route flush table local proto %1$d 2>/dev/null
        """
        .formatted(PROTOCOL);
  }

  /** Shell commands that bring back the routes that are there now. */
  String loading() {
    StringBuilder text = new StringBuilder();
    for (boolean ipv4 : new boolean[] {true, false}) {
      for (String range : present(ipv4)) {
        text.append(String.join(" ", command(ipv4, "replace", range))).append('\n');
      }
    }
    return text.toString();
  }

  private void change(List<String> command) {
    Tools.Answer answer = tools.run(command.toArray(String[]::new));
    if (!answer.succeeded()) {
      throw new UserError(
          "capture: '"
              + String.join(" ", command)
              + "' failed: "
              + answer.reason()
              + ". Does another route hold this range? See 'ip route show table local' and"
              + " capture.virtual.");
    }
  }

  private static List<String> command(boolean ipv4, String verb, String range) {
    List<String> words =
        new ArrayList<>(List.of("ip", family(ipv4), "route", verb, "local", range, "dev", "lo"));
    words.addAll(List.of("table", "local", "proto", "" + PROTOCOL));
    if (verb.equals("replace")) {
      words.addAll(List.of("src", ipv4 ? "127.0.0.1" : "::1"));
    }
    return words;
  }

  private static String family(boolean ipv4) {
    return ipv4 ? "-4" : "-6";
  }
}
