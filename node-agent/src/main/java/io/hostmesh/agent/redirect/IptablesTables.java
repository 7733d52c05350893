package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's tables that exist only because we asked iptables for a rule: where iptables is the
 * nf_tables kind, its first rule makes a table with empty chains, which nobody else would take
 * away.
 */
final class IptablesTables {
  private static final List<String> USED = List.of("ip nat", "ip filter", "ip6 nat", "ip6 filter");

  private final Tools tools;
  private final Path file;

  IptablesTables(Tools tools, Path folder) {
    this.tools = tools;
    this.file = folder.resolve("iptables-tables-made");
  }

  /** To be called before our first rule. */
  void rememberMissing() {
    if (tools.find("nft").isEmpty() || Files.exists(file)) {
      return;
    }
    Tools.Answer answer = tools.run("nft", "list", "tables");
    if (!answer.succeeded()) {
      return;
    }
    List<String> present = answer.output().lines().map(String::strip).toList();
    List<String> missing = new ArrayList<>();
    for (String table : USED) {
      if (!present.contains("table " + table)) {
        missing.add(table);
      }
    }
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, missing);
    } catch (IOException e) {
      throw new UserError("capture: cannot write " + file + ": " + e, e);
    }
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
        [ ! -e '%1$s' ] || while read -r t; do
          nft list table $t 2>/dev/null | grep -v '^#' | tr -d '\\t' \\
            | grep -qvE '^(table .*|chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) \\{|type .* policy accept;|\\})$' \\
            || nft delete table $t 2>/dev/null
        done < '%1$s'
        rm -f '%1$s'
        """
        .formatted(file);
  }
}
