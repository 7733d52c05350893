package io.hostmesh.model.rules;

import java.util.Locale;

/** How a service takes calls. */
public enum MeshMode {
  /** With a proven identity only. */
  STRICT,
  /** With an identity or without; those without are listed. */
  PERMISSIVE,
  /** In plaintext only: no mutual TLS, so nobody has an identity but callers on the same host. */
  DISABLED;

  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
