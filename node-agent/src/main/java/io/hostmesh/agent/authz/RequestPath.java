package io.hostmesh.agent.authz;

/** A request's path as rules see it. */
public final class RequestPath {
  private static final int SHOWN = 200;

  private RequestPath() {}

  /**
   * The path of a request's target, without query and fragment: of one in absolute form what comes
   * behind its authority, and of CONNECT's the host and port, which is no path.
   */
  public static String of(String target) {
    int begin = begin(target);
    int end = target.length();
    for (int i = begin; i < end; i++) {
      char c = target.charAt(i);
      if (c == '?' || c == '#') {
        return begin == i && begin > 0 ? "/" : target.substring(begin, i);
      }
    }
    return begin == end && begin > 0 ? "/" : target.substring(begin);
  }

  private static int begin(String target) {
    if (target.isEmpty() || target.charAt(0) == '/') {
      return 0;
    }
    int scheme = target.indexOf("://");
    if (scheme < 0) {
      return 0;
    }
    int begin = scheme + 3;
    while (begin < target.length() && "/?#".indexOf(target.charAt(begin)) < 0) {
      begin++;
    }
    return begin;
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
        boolean empty = segment == i && i != length && i != 0;
        if (empty || isDots(path, segment, i)) {
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

  private static boolean isDots(String path, int begin, int end) {
    return (end - begin == 1 && path.charAt(begin) == '.')
        || (end - begin == 2 && path.charAt(begin) == '.' && path.charAt(begin + 1) == '.');
  }

  private static boolean isHarmlessEscape(String path, int percent) {
    if (percent + 2 >= path.length()) {
      return false;
    }
    int high = hex(path.charAt(percent + 1));
    int low = hex(path.charAt(percent + 2));
    if (high < 0 || low < 0) {
      return false;
    }
    int value = (high << 4) | low;
    return value >= ' '
        && value != 0x7f
        && value != '.'
        && value != '/'
        && value != '\\'
        && value != ';'
        && value != '%';
  }

  /** The value of a hexadecimal digit of ASCII, or -1. */
  private static int hex(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  /** The path for messages: bounded. */
  static String shown(String path) {
    return path.length() <= SHOWN ? path : path.substring(0, SHOWN) + "...";
  }
}
