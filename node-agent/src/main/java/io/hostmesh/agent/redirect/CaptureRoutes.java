package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import io.hostmesh.runtime.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The routes that a plan needs beside its rules, and the routing rule. Virtual addresses are made
 * local, since without a route connect(2) fails before any rule is asked; their source is the
 * loopback address, so that no reply ever goes to a virtual address. Where applications are called
 * from a caller's address, what carries the source mark is routed to this host, whatever address it
 * bears.
 *
 * <p>Our routes are those of routing protocol {@value #PROTOCOL}, our routing rule that of table
 * {@value #SOURCE_TABLE}, so that they are found again by whoever removes them.
 */
final class CaptureRoutes {
  /** A number that nobody uses: /etc/iproute2/rt_protos and rtnetlink.h know up to 192. */
  static final int PROTOCOL = 215;

  /** The routing table for the source mark, and its zone of connection tracking; "HN". */
  static final int SOURCE_TABLE = 0x484e;

  private static final String LOCAL = "route local ";
  private static final String OF_LOCAL_TABLE = " dev lo table local proto " + PROTOCOL;
  private static final String ANSWERS =
      LOCAL + "default dev lo table " + SOURCE_TABLE + " proto " + PROTOCOL;
  private static final String RULE = "rule iif lo fwmark ";
  private static final String TO_SOURCE_TABLE = " lookup " + SOURCE_TABLE;

  private final Tools tools;

  CaptureRoutes(Tools tools) {
    this.tools = tools;
  }

  /** What a plan needs, an entry each, as {@link Present} has it. */
  static List<String> wanted(CapturePlan plan, boolean ipv4) {
    List<String> entries =
        new ArrayList<>(plan.virtual(ipv4).map(range -> LOCAL + range + OF_LOCAL_TABLE).toList());
    if (plan.sourceMark().isPresent() && (ipv4 || plan.ipv6())) {
      entries.add(ANSWERS);
      entries.add(
          RULE + "0x" + Integer.toHexString(plan.sourceMark().getAsInt()) + TO_SOURCE_TABLE);
    }
    return entries;
  }

  /** What leads from the one to the other, as arguments of {@code ip}. */
  static List<String> changes(List<String> present, List<String> wanted, boolean ipv4) {
    return Stream.concat(
            present.stream().filter(entry -> !wanted.contains(entry)).map(CaptureRoutes::deletion),
            wanted.stream()
                .filter(entry -> !present.contains(entry))
                .map(entry -> addition(entry, ipv4)))
        .toList();
  }

  private static String deletion(String entry) {
    // A rule is found by its mark and table, whatever else someone gave it.
    return entry.startsWith(LOCAL)
        ? "route del " + entry.substring("route ".length())
        : "rule del " + entry.substring("rule iif lo ".length());
  }

  private static String addition(String entry, boolean ipv4) {
    if (!entry.startsWith(LOCAL)) {
      return "rule add " + entry.substring("rule ".length());
    }
    String route = "route replace " + entry.substring("route ".length());
    return entry.equals(ANSWERS) ? route : route + " src " + (ipv4 ? "127.0.0.1" : "::1");
  }

  /** Our entries of what {@code ip route show table all} and {@code ip rule show} say. */
  static List<String> parse(String listing) {
    List<String> entries = new ArrayList<>();
    for (String line : listing.lines().toList()) {
      List<String> words = List.of(line.strip().split("\\s+", -1));
      if (words.size() > 1 && words.getFirst().equals("local")) {
        entries.add(
            words.get(1).equals("default")
                ? ANSWERS
                : LOCAL + AddressRange.parse(words.get(1)) + OF_LOCAL_TABLE);
      } else if (after(words, "lookup").equals("" + SOURCE_TABLE)) {
        entries.add(RULE + after(words, "fwmark") + TO_SOURCE_TABLE);
      }
    }
    return entries;
  }

  private static String after(List<String> words, String word) {
    int at = words.indexOf(word);
    return at < 0 || at + 1 == words.size() ? "" : words.get(at + 1);
  }

  /** Our entries in the kernel; none of a family that the host does not speak. */
  record Present(List<String> ipv4, List<String> ipv6) {
    /** The ranges of virtual addresses that are local. */
    List<String> virtual() {
      return Stream.concat(ipv4.stream(), ipv6.stream())
          .filter(entry -> entry.endsWith(OF_LOCAL_TABLE))
          .map(entry -> entry.substring(LOCAL.length(), entry.length() - OF_LOCAL_TABLE.length()))
          .toList();
    }

    /** Shell commands that bring these back. */
    String loading() {
      return Stream.concat(
              ipv4.stream().map(entry -> "ip -4 " + addition(entry, true) + "\n"),
              ipv6.stream().map(entry -> "ip -6 " + addition(entry, false) + "\n"))
          .collect(Collectors.joining());
    }
  }

  /** Brings the kernel to what the plan needs. */
  void apply(CapturePlan plan, Present before) {
    change(true, changes(before.ipv4(), wanted(plan, true), true));
    change(false, changes(before.ipv6(), wanted(plan, false), false));
  }

  void remove() {
    Present before = beginPresent().get();
    change(true, changes(before.ipv4(), List.of(), true));
    change(false, changes(before.ipv6(), List.of(), false));
  }

  /** Begins to read what is there beside the caller; {@code get} waits for it. */
  Supplier<Present> beginPresent() {
    Supplier<List<String>> ipv4 = beginPresent(true);
    Supplier<List<String>> ipv6 = beginPresent(false);
    return () -> new Present(ipv4.get(), ipv6.get());
  }

  private Supplier<List<String>> beginPresent(boolean ipv4) {
    Supplier<Tools.Answer> shown =
        tools.begin(
            "route show table all proto " + PROTOCOL + "\nrule show\n",
            "ip",
            family(ipv4),
            "-batch",
            "-");
    return () -> {
      Tools.Answer answer = shown.get();
      return answer.succeeded() ? parse(answer.output()) : List.of();
    };
  }

  /** Shell commands that remove all that is ours. */
  static String removing() {
    return """
        for f in 4 6; do
          ip -$f route flush table local proto %1$d
          ip -$f route flush table %2$d proto %1$d
          while ip -$f rule del lookup %2$d; do :; done
        done 2>/dev/null
        """
        .formatted(PROTOCOL, SOURCE_TABLE);
  }

  private void change(boolean ipv4, List<String> commands) {
    if (commands.isEmpty()) {
      return;
    }
    Tools.Answer answer =
        tools.runWith(String.join("\n", commands) + "\n", "ip", family(ipv4), "-batch", "-");
    if (!answer.succeeded()) {
      throw new UserError(
          "capture: '"
              + failed(ipv4, commands, answer.complaint())
              + "' failed: "
              + answer.reason()
              + ". Does another route hold this range, or does the kernel lack policy routing? See"
              + " 'ip route show table local', 'ip rule' and capture.virtual.");
    }
  }

  /** {@code ip} stops at the first one that fails, and says which it was. */
  private static String failed(boolean ipv4, List<String> commands, String complaint) {
    String command =
        complaint
            .lines()
            .filter(line -> line.startsWith("Command failed -:"))
            .map(line -> line.substring("Command failed -:".length()).strip())
            .filter(number -> number.matches("[0-9]{1,6}"))
            .map(Integer::parseInt)
            .filter(number -> number >= 1 && number <= commands.size())
            .map(number -> commands.get(number - 1))
            .findFirst()
            .orElse(commands.getFirst());
    return "ip " + family(ipv4) + " " + command;
  }

  private static String family(boolean ipv4) {
    return ipv4 ? "-4" : "-6";
  }
}
