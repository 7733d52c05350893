package io.hostmesh.model;

import java.util.regex.Pattern;

/**
 * The one rule for what may stand in a DNS label, a SPIFFE path segment and a Consul service name
 * at once: lower-case letters, digits and inner hyphens, 1 to 63 characters (RFC 1123 section 2.1).
 */
final class Names {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern DOMAIN =
      Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");

  private Names() {}

  static boolean isLabel(String value) {
    return LABEL.matcher(value).matches();
  }

  /**
   * Returns the value itself.
   *
   * @throws IllegalArgumentException naming {@code what} where the value is not a label
   */
  static String label(String what, String value) {
    if (!isLabel(value)) {
      throw new IllegalArgumentException(
          what
              + " \""
              + value
              + "\" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens");
    }
    return value;
  }

  static String domain(String what, String value) {
    if (value.length() > 253 || !DOMAIN.matcher(value).matches()) {
      throw new IllegalArgumentException(
          what + " \"" + value + "\" is not a domain name of lower-case labels");
    }
    return value;
  }
}
