package io.hostmesh.agent.protocol;

import io.hostmesh.agent.authz.RequestPath;

/**
 * The forms of a request's target (RFC 9112 section 3.2), strictly. They go on as they came: one in
 * absolute form is meant for a proxy, which a service may be. Pure.
 */
final class Targets {
  private static final int MAX_PORT = 65_535;

  private Targets() {}

  /** Whether it is one of any method but CONNECT: a path, an absolute URI, or {@code *}. */
  static boolean isTarget(String target) {
    if (!isPrintable(target)) {
      return false;
    }
    return target.charAt(0) == '/'
        || target.equals("*")
        || (isAbsolute(target) && isHost(authority(target)));
  }

  private static boolean isPrintable(String target) {
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      if (c <= ' ' || c == 0x7f) {
        return false;
      }
    }
    return !target.isEmpty();
  }

  /** Whether it is one of CONNECT: a host and a port. */
  static boolean isHostAndPort(String target) {
    int colon = target.lastIndexOf(':');
    if (colon <= 0 || !isHost(target) || target.length() - colon > 6) {
      return false;
    }
    int port = 0;
    for (int i = colon + 1; i < target.length(); i++) {
      int digit = target.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      port = port * 10 + digit;
    }
    return port > 0 && port <= MAX_PORT;
  }

  /** Whether no parser can find another host in it: no user, path, or second value. */
  static boolean isHost(String host) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c <= ' ' || c >= 0x7f || "/\\?#@,".indexOf(c) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether it begins with a scheme and an authority. */
  static boolean isAbsolute(String target) {
    return schemeEnd(target) > 0;
  }

  private static int schemeEnd(String target) {
    int i = 0;
    while (i < target.length() && isScheme(target.charAt(i), i == 0)) {
      i++;
    }
    boolean absolute =
        i > 0 && target.startsWith("://", i) && i + 3 < RequestPath.authorityEnd(target, i + 3);
    return absolute ? i : -1;
  }

  private static boolean isScheme(char c, boolean first) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (!first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'));
  }

  /** The scheme of an absolute target. */
  static String scheme(String target) {
    return target.substring(0, schemeEnd(target));
  }

  /** The authority of an absolute target. */
  static String authority(String target) {
    int from = schemeEnd(target) + 3;
    return target.substring(from, RequestPath.authorityEnd(target, from));
  }

  /** The path and query of an absolute target. */
  static String pathAndQuery(String target) {
    String rest = target.substring(RequestPath.authorityEnd(target, schemeEnd(target) + 3));
    return rest.startsWith("/") ? rest : "/" + rest;
  }
}
