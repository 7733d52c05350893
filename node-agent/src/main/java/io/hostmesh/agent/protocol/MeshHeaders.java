package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.function.Predicate;

/**
 * Names that only the mesh may write, since applications believe what stands there: {@code
 * x-forwarded-client-cert}, {@code hostmesh-*}, {@code x-hostmesh-*}. An underscore counts as a
 * hyphen: CGI, WSGI and their like give both the same variable, so {@code x_forwarded_for} would be
 * read for {@code x-forwarded-for}.
 */
public final class MeshHeaders {
  static final String FORWARDED = "x-forwarded-";
  private static final String FORWARDED_FOR = "x-forwarded-for";
  private static final String CLIENT_CERT = "x-forwarded-client-cert";
  private static final String INTERNAL = "hostmesh-";
  private static final String RESERVED = "x-hostmesh-";

  /** In which the caller's agent says how often a request was sent. */
  public static final String ATTEMPT_COUNT = "x-envoy-attempt-count";

  private MeshHeaders() {}

  /** Takes out all of them, whoever wrote them. */
  public static void strip(HttpHeaders headers) {
    removeAll(headers, MeshHeaders::isTheMeshs);
  }

  /** Takes out what the caller's own agent alone may say, too. */
  public static void stripCallers(HttpHeaders headers) {
    removeAll(headers, MeshHeaders::isNoCallers);
  }

  private static boolean isNoCallers(CharSequence name) {
    return isTheMeshs(name) || isLike(name, ATTEMPT_COUNT, false);
  }

  private static void removeAll(HttpHeaders headers, Predicate<CharSequence> unwanted) {
    if (headers instanceof FlatHeaders flat) {
      flat.removeIf(unwanted);
    } else {
      List.copyOf(headers.names()).stream().filter(unwanted).forEach(headers::remove);
    }
  }

  /** Takes out the headers that some programs would read for this one, itself included. */
  public static void remove(HttpHeaders headers, String lowerCaseName) {
    if (headers instanceof FlatHeaders flat) {
      flat.removeIf(name -> isLike(name, lowerCaseName, false));
    } else {
      List.copyOf(headers.names()).stream()
          .filter(name -> isLike(name, lowerCaseName, false))
          .forEach(headers::remove);
    }
  }

  /** Whether only the mesh writes a header of this name, or adds to it. */
  public static boolean isReserved(CharSequence name) {
    return isTheMeshs(name) || isLike(name, FORWARDED_FOR, false);
  }

  /** Whether only the mesh writes a header of this name. */
  static boolean isTheMeshs(CharSequence name) {
    int first = name.isEmpty() ? 0 : name.charAt(0) | 0x20;
    if (first == 'h') {
      return isLike(name, INTERNAL, true);
    }
    return first == 'x'
        && (isLike(name, CLIENT_CERT, false)
            || isLike(name, RESERVED, true)
            || (AsciiString.indexOf(name, '_', 0) >= 0 && isLike(name, FORWARDED, true)));
  }

  /** Whether it begins with a name, or is it, where case and underscores do not count. */
  static boolean isLike(CharSequence name, String lowerCaseName, boolean beginning) {
    int length = lowerCaseName.length();
    if (beginning ? name.length() < length : name.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = name.charAt(i);
      char plain = c == '_' ? '-' : AsciiString.toLowerCase(c);
      if (plain != lowerCaseName.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
