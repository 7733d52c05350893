package io.hostmesh.registry;

import java.util.Locale;

/** The outcome of a check, in Consul's words. */
public enum CheckStatus {
  PASSING,
  /** Still served: only {@link #CRITICAL} takes an instance out. */
  WARNING,
  CRITICAL;

  /** As Consul writes it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads Consul's word; one that Consul does not have is critical. */
  public static CheckStatus parse(String text) {
    for (CheckStatus status : values()) {
      if (status.text().equals(text)) {
        return status;
      }
    }
    return CRITICAL;
  }
}
