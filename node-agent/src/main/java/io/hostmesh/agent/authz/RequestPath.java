package io.hostmesh.agent.authz;

import io.hostmesh.model.rules.NormalPath;
import org.jspecify.annotations.Nullable;

/** A request's path as rules see it. */
public final class RequestPath {
  private static final int SHOWN = 200;

  private RequestPath() {}

  /** What a target's path says; a target without a path, such as {@code *}, is read as it is. */
  public sealed interface Reading {
    /**
     * @param target to send on: the same object where it is in normal form already
     * @param path to judge and to route by
     */
    record Normal(String target, String path) implements Reading {}

    /**
     * Applications would read it in different ways.
     *
     * @param why the end of a sentence that begins with the path
     */
    record Ambiguous(String why) implements Reading {}
  }

  /** Reads a target for services that have rules on paths. */
  public static Reading read(String target) {
    String path = of(target);
    if (!path.startsWith("/") || NormalPath.isNormal(path)) {
      return new Reading.Normal(target, path);
    }
    return switch (NormalPath.of(path)) {
      case NormalPath.Reading.Ambiguous(String why) -> new Reading.Ambiguous(why);
      case NormalPath.Reading.Normal(NormalPath normal) ->
          new Reading.Normal(
              normal.forwarded().equals(path) ? target : with(target, path, normal.forwarded()),
              normal.judged());
    };
  }

  private static String with(String target, String path, String normal) {
    int begin = begin(target);
    return target.substring(0, begin) + normal + target.substring(begin + path.length());
  }

  /** A target's path and query. */
  public static String withoutAuthority(String target) {
    String rest = target.substring(begin(target));
    return rest.startsWith("/") ? rest : "/" + rest;
  }

  /** A target with another path; its query, and its authority where it has one, stay. */
  public static String withPath(String target, String path) {
    int begin = begin(target);
    int query = target.indexOf('?', begin);
    return target.substring(0, begin) + path + (query < 0 ? "" : target.substring(query));
  }

  /**
   * The path of a request's target, without its query: of one in absolute form what comes behind
   * its authority, and of CONNECT's the host and port, which is no path.
   */
  public static String of(String target) {
    int begin = begin(target);
    int query = target.indexOf('?', begin);
    String path = target.substring(begin, query < 0 ? target.length() : query);
    return path.isEmpty() && begin > 0 ? "/" : path;
  }

  /** The authority of a target in absolute form; null of one in another form. */
  public static @Nullable String authority(String target) {
    int scheme = scheme(target);
    return scheme < 0 ? null : target.substring(scheme + 3, begin(target));
  }

  private static int scheme(String target) {
    return target.startsWith("/") ? -1 : target.indexOf("://");
  }

  private static int begin(String target) {
    int scheme = scheme(target);
    return scheme < 0 ? 0 : authorityEnd(target, scheme + 3);
  }

  /**
   * Where an authority ends.
   *
   * @param from where it begins
   */
  public static int authorityEnd(String target, int from) {
    int end = from;
    while (end < target.length() && "/?#".indexOf(target.charAt(end)) < 0) {
      end++;
    }
    return end;
  }

  /**
   * What is wrong with a target, as a part of a sentence.
   *
   * @param why as {@link Reading.Ambiguous} says it
   */
  public static String ambiguity(String target, String why) {
    return "the path "
        + shown(of(target))
        + " "
        + why
        + ", which applications read in different ways";
  }

  /** A target for messages: bounded, printable. */
  public static String shown(String path) {
    String text = path.length() <= SHOWN ? path : path.substring(0, SHOWN) + "...";
    return text.replaceAll("[^ -~]", "?");
  }
}
