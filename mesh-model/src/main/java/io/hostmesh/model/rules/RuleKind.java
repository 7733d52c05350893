package io.hostmesh.model.rules;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The kinds of rules. */
public enum RuleKind {
  /** Where requests to a service go. */
  ROUTE,
  /** Who may call. */
  ACCESS,
  /** Whether callers without an identity get in. */
  MODE,
  /** Whose word is taken on end users. */
  AUTHENTICATION,
  /** Who is asked beside the access rules. */
  EXTERNAL_AUTHORIZATION,
  /** How calls are shared among instances, limited and protected. */
  UPSTREAM,
  /** How many requests a service takes. */
  LIMIT;

  /** As {@code kind = ...} and the registry's keys write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** All kinds, for messages: {@code route, access or mode}. */
  public static String all() {
    RuleKind[] kinds = values();
    return Arrays.stream(kinds, 0, kinds.length - 1)
            .map(RuleKind::text)
            .collect(Collectors.joining(", "))
        + " or "
        + kinds[kinds.length - 1].text();
  }

  /**
   * @throws IllegalArgumentException naming the kinds there are
   */
  public static RuleKind parse(String text) {
    for (RuleKind kind : values()) {
      if (kind.text().equals(text)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("\"" + text + "\" is not a kind of rule: use " + all());
  }
}
