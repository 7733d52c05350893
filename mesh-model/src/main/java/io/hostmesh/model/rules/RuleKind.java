package io.hostmesh.model.rules;

import java.util.Locale;

/** The kinds of rules. */
public enum RuleKind {
  ROUTE,
  ACCESS;

  /** As {@code kind = ...} and the registry's keys write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
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
    throw new IllegalArgumentException(
        "\"" + text + "\" is not a kind of rule: use route or access");
  }
}
