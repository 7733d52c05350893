package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Rules by {@code iptables} and {@code ip6tables}, of whichever kind (legacy or nf_tables) the host
 * prefers: chains of our own, and a jump to each.
 */
final class IptablesChains implements KernelRules {
  private static final String V6_MARK = "# IPv6\n";

  private final Tools tools;
  private final IptablesTables tables;

  /**
   * @param folder where it is remembered which tables were not there before us
   */
  IptablesChains(Tools tools, Path folder) {
    this.tools = tools;
    this.tables = new IptablesTables(tools, folder);
  }

  @Override
  public CaptureBackend kind() {
    return CaptureBackend.IPTABLES;
  }

  /** Whether iptables works here: why not, or nothing. Asks in a way that makes no table. */
  static Supplier<Optional<String>> unusable(Tools tools) {
    if (tools.find("iptables-restore").isEmpty() || tools.find("iptables-save").isEmpty()) {
      return () -> Optional.of("iptables is not installed (apt install iptables)");
    }
    Supplier<Tools.Answer> saved = tools.begin("", "iptables-save");
    return () -> {
      Tools.Answer answer = saved.get();
      return answer.succeeded()
          ? Optional.empty()
          : Optional.of("iptables does not work here, it says: " + answer.reason());
    };
  }

  @Override
  public void apply(CapturePlan plan, String before) {
    tables.rememberMissing();
    load(true, IptablesRules.full(plan, true, part(before, true)));
    if (plan.ipv6()) {
      load(false, IptablesRules.full(plan, false, part(before, false)));
    } else {
      unload(false, before);
    }
  }

  @Override
  public void update(CapturePlan from, CapturePlan to) {
    load(true, IptablesRules.update(to, true));
    if (to.ipv6()) {
      load(false, IptablesRules.update(to, false));
    }
  }

  @Override
  public void openDns() {
    String before = listing();
    for (boolean ipv4 : new boolean[] {true, false}) {
      if (!part(before, ipv4).isEmpty()) {
        load(ipv4, "*nat\n:" + IptablesRules.DNS + " - [0:0]\nCOMMIT\n");
      }
    }
  }

  @Override
  public void remove(String before) {
    unload(true, before);
    unload(false, before);
    tables.removeOurs();
  }

  @Override
  public Supplier<String> beginListing() {
    Supplier<String> saved = save(true);
    Supplier<String> saved6 = save(false);
    return () -> {
      String v4 = IptablesRules.ours(saved.get());
      String v6 = IptablesRules.ours(saved6.get());
      return v4.isEmpty() && v6.isEmpty() ? "" : v4 + V6_MARK + v6;
    };
  }

  /** What a listing says of one family. */
  private static String part(String listing, boolean ipv4) {
    int six = listing.indexOf(V6_MARK);
    if (six < 0) {
      return "";
    }
    return ipv4 ? listing.substring(0, six) : listing.substring(six + V6_MARK.length());
  }

  @Override
  public String lasting(String listing) {
    return IptablesRules.lasting(listing);
  }

  @Override
  public String loading(String listing) {
    return loading("iptables-restore", part(listing, true))
        + loading("ip6tables-restore", part(listing, false));
  }

  private static String loading(String tool, String rules) {
    // Where others have rules as well, ours come first.
    String first = rules.replaceAll("(?m)^-A (OUTPUT|PREROUTING|INPUT) ", "-I $1 1 ");
    return rules.isEmpty() ? "" : tool + " -w 5 --noflush <<'HOSTMESH'\n" + first + "HOSTMESH\n";
  }

  @Override
  public String removing() {
    return """
        for t in iptables ip6tables; do
          $t-save | grep -q HOSTMESH_ || continue
          while $t -w 5 -t nat -D OUTPUT -j %1$s; do :; done
          while $t -w 5 -t nat -D PREROUTING -j %2$s; do :; done
          while $t -w 5 -t filter -D INPUT -j %3$s; do :; done
          for c in %1$s %2$s %4$s %5$s %6$s %9$s; do $t -w 5 -t nat -F $c; done
          for c in %1$s %2$s %4$s %5$s %6$s %9$s; do $t -w 5 -t nat -X $c; done
          $t -w 5 -t filter -F %3$s
          $t -w 5 -t filter -X %3$s
          $t-save | grep -q %7$s || continue
          while $t -w 5 -t mangle -D OUTPUT -j %7$s; do :; done
          $t -w 5 -t mangle -F %7$s
          $t -w 5 -t mangle -X %7$s
          while $t -w 5 -t raw -D OUTPUT -j %8$s; do :; done
          $t -w 5 -t raw -F %8$s
          $t -w 5 -t raw -X %8$s
        done 2>/dev/null
        """
        .formatted(
            IptablesRules.OUTBOUND,
            IptablesRules.INBOUND,
            IptablesRules.REFUSE,
            IptablesRules.SERVICES,
            IptablesRules.ENDPOINTS,
            IptablesRules.DNS,
            IptablesRules.SOURCE_ANSWERS,
            IptablesRules.SOURCE_ZONE,
            IptablesRules.CAPTURE);
  }

  @Override
  public String openingDns() {
    return """
        for t in iptables ip6tables; do
          $t-save | grep -q %1$s && $t -w 5 -t nat -F %1$s
        done 2>/dev/null
        """
        .formatted(IptablesRules.DNS);
  }

  @Override
  public String tidying() {
    return tables.removing();
  }

  private void unload(boolean ipv4, String before) {
    String removal = IptablesRules.removal(part(before, ipv4));
    if (!removal.isEmpty()) {
      load(ipv4, removal);
    }
  }

  /** All rules of the family, empty where the family is not there. */
  private Supplier<String> save(boolean ipv4) {
    String tool = ipv4 ? "iptables-save" : "ip6tables-save";
    if (tools.find(tool).isEmpty()) {
      return () -> "";
    }
    Supplier<Tools.Answer> saved = tools.begin("", tool);
    return () -> {
      Tools.Answer answer = saved.get();
      return answer.succeeded() ? answer.output() : "";
    };
  }

  private void load(boolean ipv4, String text) {
    String tool = ipv4 ? "iptables-restore" : "ip6tables-restore";
    Tools.Answer answer = tools.runWith(text, tool, "-w", "5", "--noflush");
    if (!answer.succeeded()) {
      throw new UserError(
          "capture: the kernel refuses the rules that "
              + tool
              + " loads: "
              + answer.reason()
              + ". If it lacks a match or target, load it (modprobe xt_owner xt_multiport xt_addrtype"
              + " xt_REDIRECT; for capture.source = preserve xt_CT xt_connmark xt_conntrack xt_mark) or set capture.backend = nft.");
    }
  }
}
