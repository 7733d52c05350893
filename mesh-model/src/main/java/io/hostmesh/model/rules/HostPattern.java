package io.hostmesh.model.rules;

import java.util.Locale;

/**
 * A pattern for the host that a request names: {@code shop.example.org}, or {@code *.example.org}
 * for every name below. Ports do not matter, nor does case.
 */
public record HostPattern(String text) {
  /**
   * @throws IllegalArgumentException where it has a star elsewhere, a port, or is empty
   */
  public HostPattern {
    text = text.toLowerCase(Locale.ROOT);
    String name = text.startsWith("*.") ? text.substring(2) : text;
    boolean ipv6 = name.startsWith("[") && name.endsWith("]");
    if (name.isEmpty()
        || name.indexOf('*') >= 0
        || name.indexOf('/') >= 0
        || (name.indexOf(':') >= 0 && !ipv6)) {
      throw new IllegalArgumentException(
          "host \""
              + text
              + "\" is neither a name nor *.name; ports do not belong to it (see ports)");
    }
  }

  /**
   * @param authority the request's, with or without port
   */
  public boolean matches(String authority) {
    int end = end(authority);
    if (end > 0 && authority.charAt(end - 1) == '.') {
      end--; // shop.example.org. is the same name.
    }
    if (text.startsWith("*.")) {
      int length = text.length() - 1;
      return end > length && authority.regionMatches(true, end - length, text, 1, length);
    }
    return end == text.length() && authority.regionMatches(true, 0, text, 0, end);
  }

  private static int end(String authority) {
    int bracket = authority.lastIndexOf(']');
    int colon = authority.lastIndexOf(':');
    return colon > bracket ? colon : authority.length();
  }

  @Override
  public String toString() {
    return text;
  }
}
