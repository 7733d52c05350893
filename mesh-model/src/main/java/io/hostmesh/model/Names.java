package io.hostmesh.model;

/**
 * The one rule for what may stand in a DNS label, a SPIFFE path segment and a Consul service name
 * at once: lower-case letters, digits and inner hyphens, 1 to 63 characters (RFC 1123 section 2.1).
 */
final class Names {
  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_DOMAIN = 253;

  private Names() {}

  /** Read by hand, since ids and names are made for every connection. */
  static boolean isLabel(String value) {
    return isLabel(value, 0, value.length());
  }

  private static boolean isLabel(String text, int begin, int end) {
    if (end <= begin
        || end - begin > LONGEST_LABEL
        || text.charAt(begin) == '-'
        || text.charAt(end - 1) == '-') {
      return false;
    }
    for (int i = begin; i < end; i++) {
      char c = text.charAt(i);
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
        return false;
      }
    }
    return true;
  }

  private static boolean isDomain(String value) {
    if (value.length() > LONGEST_DOMAIN) {
      return false;
    }
    int begin = 0;
    for (int dot = value.indexOf('.'); dot >= 0; dot = value.indexOf('.', begin)) {
      if (!isLabel(value, begin, dot)) {
        return false;
      }
      begin = dot + 1;
    }
    return isLabel(value, begin, value.length());
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
    if (!isDomain(value)) {
      throw new IllegalArgumentException(
          what + " \"" + value + "\" is not a domain name of lower-case labels");
    }
    return value;
  }
}
