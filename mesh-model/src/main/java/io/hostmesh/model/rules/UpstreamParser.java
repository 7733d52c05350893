package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Section;
import java.util.stream.Collectors;

/** Reads the sections of {@code kind = upstream}. */
final class UpstreamParser {
  private UpstreamParser() {}

  static UpstreamRule upstream(Section document, Scope scope) {
    Upstream upstream =
        new Upstream(
            document.optionalSection("balance").map(BalanceParser::balance),
            document.optionalSection("affinity").map(AffinityParser::affinity),
            document.optionalSection("locality").map(LocalityParser::locality),
            protection(document));
    if (upstream.equals(Upstream.NONE)) {
      document.end(); // A misspelt section is the likelier mistake.
      throw document.refuse("balance", "a rule needs at least one section: balance { ... }");
    }
    return new UpstreamRule(
        scope,
        upstream,
        document.origin(),
        document.keys().stream().collect(Collectors.toMap(key -> key, document::origin)));
  }

  private static Protection protection(Section document) {
    return new Protection(
        document.optionalSection("limits").map(LimitsParser::limits),
        document.optionalSection("retry-budget").map(LimitsParser::budget),
        document.optionalSection("outliers").map(OutliersParser::outliers),
        ActiveCheckParser.checks(document));
  }
}
