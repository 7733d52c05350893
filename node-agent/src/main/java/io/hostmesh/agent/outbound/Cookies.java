package io.hostmesh.agent.outbound;

import org.jspecify.annotations.Nullable;

/** Cookies of a request (RFC 6265 section 5.4), of which HTTP/2 may send each in its own line. */
final class Cookies {
  private Cookies() {}

  /** The value of the first cookie of this name, without quotes; null where there is none. */
  static @Nullable String value(Iterable<String> lines, String name) {
    for (String line : lines) {
      int at = 0;
      while (at < line.length()) {
        int end = line.indexOf(';', at);
        end = end < 0 ? line.length() : end;
        int equals = line.indexOf('=', at);
        if (equals > 0 && equals < end && line.substring(at, equals).strip().equals(name)) {
          String value = line.substring(equals + 1, end).strip();
          return value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")
              ? value.substring(1, value.length() - 1)
              : value;
        }
        at = end + 1;
      }
    }
    return null;
  }
}
