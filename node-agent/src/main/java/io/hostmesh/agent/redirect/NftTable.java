package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.util.Optional;
import java.util.function.Supplier;

/** Rules by {@code nft}: one table of ours, for both families. */
final class NftTable implements KernelRules {
  private final Tools tools;

  NftTable(Tools tools) {
    this.tools = tools;
  }

  @Override
  public CaptureBackend kind() {
    return CaptureBackend.NFT;
  }

  /** Whether the kernel answers nft at all: why not, or nothing. */
  static Supplier<Optional<String>> unusable(Tools tools) {
    if (tools.find("nft").isEmpty()) {
      return () -> Optional.of("the command nft is not installed (apt install nftables)");
    }
    Supplier<Tools.Answer> tables = tools.begin("", "nft", "list", "tables");
    return () -> {
      Tools.Answer answer = tables.get();
      return answer.succeeded()
          ? Optional.empty()
          : Optional.of("this kernel has no nftables for us, nft says: " + answer.reason());
    };
  }

  @Override
  public void apply(CapturePlan plan, String before) {
    load(NftRules.full(plan));
  }

  @Override
  public void update(CapturePlan from, CapturePlan to) {
    String change = NftRules.update(from, to);
    if (change.isEmpty()) {
      return;
    }
    if (!tools.runWith(change, "nft", "-f", "-").succeeded()) {
      // Someone else changed the sets: then all of it is put right.
      load(NftRules.full(to));
    }
  }

  @Override
  public void openDns() {
    if (!listing().isEmpty()) {
      load(NftRules.DNS_OPEN);
    }
  }

  @Override
  public void remove(String before) {
    if (!before.isEmpty()) {
      load(NftRules.REMOVAL);
    }
  }

  @Override
  public Supplier<String> beginListing() {
    Supplier<Tools.Answer> listing =
        tools.begin("", "nft", "-s", "list", "table", "inet", "hostmesh");
    return () -> {
      Tools.Answer answer = listing.get();
      return answer.succeeded() ? answer.output() : "";
    };
  }

  @Override
  public String lasting(String listing) {
    // Elements may take several lines, up to the brace that closes them.
    return listing.replaceAll("\\s*elements = \\{[^}]*}", "");
  }

  @Override
  public String loading(String listing) {
    return "nft -f - <<'HOSTMESH'\n" + NftRules.REMOVAL + listing + "HOSTMESH\n";
  }

  @Override
  public String removing() {
    return "nft delete table " + NftRules.TABLE + " 2>/dev/null\n";
  }

  @Override
  public String openingDns() {
    return "nft flush chain " + NftRules.TABLE + " dns 2>/dev/null\n";
  }

  @Override
  public String tidying() {
    return "";
  }

  private void load(String text) {
    Tools.Answer answer = tools.runWith(text, "nft", "-f", "-");
    if (!answer.succeeded()) {
      throw new UserError(
          "capture: the kernel refuses the nft rules: "
              + answer.reason()
              + ". If it lacks nft's nat or fib parts, load them (modprobe nft_chain_nat nft_fib_inet"
              + " nft_reject_inet nft_redir) or set capture.backend = iptables.");
    }
  }
}
