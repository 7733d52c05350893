package io.hostmesh.agent.authz;

import java.util.Locale;

/** A request's path as rules see it. */
public final class RequestPath {
  private static final int SHOWN = 200;

  private RequestPath() {}

  /** The path of a request target in origin form, without query and fragment. */
  public static String of(String target) {
    int end = target.length();
    for (int i = 0; i < end; i++) {
      char c = target.charAt(i);
      if (c == '?' || c == '#') {
        return target.substring(0, i);
      }
    }
    return target;
  }

  /**
   * Whether every application reads the path as the same resource: no dot segments, empty segments,
   * backslashes, path parameters or escapes that could stand for any of them (RFC 3986 section 6.2
   * lists what normalisers change).
   */
  public static boolean isPlain(String path) {
    int length = path.length();
    int segment = 0;
    for (int i = 0; i <= length; i++) {
      char c = i == length ? '/' : path.charAt(i);
      if (c == '/') {
        String name = path.substring(segment, i);
        boolean empty = name.isEmpty() && i != length && i != 0;
        if (empty || name.equals(".") || name.equals("..")) {
          return false;
        }
        segment = i + 1;
      } else if (c == '\\' || c == ';' || c < ' ' || c == 0x7f) {
        return false;
      } else if (c == '%' && !isHarmlessEscape(path, i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isHarmlessEscape(String path, int percent) {
    if (percent + 2 >= path.length()) {
      return false;
    }
    String hex = path.substring(percent + 1, percent + 3).toLowerCase(Locale.ROOT);
    int value;
    try {
      value = Integer.parseInt(hex, 16);
    } catch (NumberFormatException e) {
      return false;
    }
    return value >= ' '
        && value != 0x7f
        && value != '.'
        && value != '/'
        && value != '\\'
        && value != ';'
        && value != '%';
  }

  /** The path for messages: bounded. */
  static String shown(String path) {
    return path.length() <= SHOWN ? path : path.substring(0, SHOWN) + "...";
  }
}
