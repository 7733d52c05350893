package io.hostmesh.model;

import java.util.Locale;

/** What an operator may do; each role includes those before it. */
public enum OperatorRole {
  /** Looks: status, rules, agents, the ledger, the audit log. */
  VIEWER,
  /** Also changes rules. */
  EDITOR,
  /** Also tokens, entitlements, operators, the authority, and what a host captures. */
  ADMIN;

  /** Whether whoever has this role may do what needs the other. */
  public boolean includes(OperatorRole needed) {
    return compareTo(needed) >= 0;
  }

  /** As it is written in ids and configurations. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException with a sentence where there is no such role
   */
  public static OperatorRole parse(String text) {
    for (OperatorRole role : values()) {
      if (role.text().equals(text)) {
        return role;
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is not a role; use viewer, editor or admin");
  }
}
