package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What exists only because we asked iptables for a rule: where iptables is the nf_tables kind, its
 * first rule makes a table and an empty chain at a hook, which nobody else would take away.
 */
final class IptablesTables {
  /** The chains that our jumps are in, by family and table. */
  private static final List<String> USED =
      List.of(
          "ip nat OUTPUT",
          "ip nat PREROUTING",
          "ip filter INPUT",
          "ip raw OUTPUT",
          "ip mangle OUTPUT",
          "ip6 nat OUTPUT",
          "ip6 nat PREROUTING",
          "ip6 filter INPUT",
          "ip6 raw OUTPUT",
          "ip6 mangle OUTPUT");

  private final Tools tools;
  private final Path file;

  IptablesTables(Tools tools, Path folder) {
    this.tools = tools;
    this.file = folder.resolve("iptables-chains-made");
  }

  /** To be called before our first rule. */
  void rememberMissing() {
    if (tools.find("nft").isEmpty() || Files.exists(file)) {
      return;
    }
    Tools.Answer answer = tools.run("nft", "-t", "list", "ruleset");
    if (!answer.succeeded()) {
      return;
    }
    Set<String> present = chains(answer.output());
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, USED.stream().filter(chain -> !present.contains(chain)).toList());
    } catch (IOException e) {
      throw new UserError("capture: cannot write " + file + ": " + e, e);
    }
  }

  /** The chains of a listing, as {@code family table chain}. */
  private static Set<String> chains(String listing) {
    Set<String> chains = new HashSet<>();
    String table = "";
    for (String line : listing.lines().toList()) {
      List<String> words = new ArrayList<>(List.of(line.strip().split(" ", -1)));
      if (words.getFirst().equals("table") && words.size() > 2) {
        table = words.get(1) + " " + words.get(2);
      } else if (words.getFirst().equals("chain") && words.size() > 1) {
        chains.add(table + " " + words.get(1));
      }
    }
    return chains;
  }

  /** Takes away those that are still empty. */
  void removeOurs() {
    if (Files.exists(file)) {
      tools.run("sh", "-c", "PATH=" + tools.searchPath() + "\n" + removing());
    }
  }

  /** Shell commands that do the same. */
  String removing() {
    return """
        [ ! -e '%1$s' ] || while read -r family table chain; do
          nft list chain $family $table $chain 2>/dev/null | tr -d '\\t' \\
            | grep -qvE '^(#.*|table .*|chain .*|type .* policy accept;|\\}|)$' \\
            || nft delete chain $family $table $chain 2>/dev/null
          nft list table $family $table 2>/dev/null | grep -q chain \\
            || nft delete table $family $table 2>/dev/null
        done < '%1$s'
        rm -f '%1$s'
        """
        .formatted(file);
  }
}
