package io.hostmesh.model.rules;

/**
 * A pattern for a request's path without its query: {@code /exact}, or {@code /prefix*} where the
 * star is the last character and stands for anything, slashes included.
 *
 * @param text as paths are judged ({@link NormalPath#judged}), whichever way it was written
 */
public record PathPattern(String text) {
  /**
   * @throws IllegalArgumentException where it does not begin with a slash, has a star elsewhere, or
   *     could never match
   */
  public PathPattern {
    if (!text.startsWith("/") && !text.equals("*")) {
      throw new IllegalArgumentException("path \"" + text + "\" does not begin with /");
    }
    int star = text.indexOf('*');
    if (star >= 0 && star != text.length() - 1) {
      throw new IllegalArgumentException(
          "path \"" + text + "\": a * may only be the last character");
    }
    if (!text.equals("*")) {
      text =
          star < 0
              ? NormalPath.literal(text, false)
              : NormalPath.literal(text.substring(0, text.length() - 1), true) + "*";
    }
  }

  public boolean isPrefix() {
    return text.endsWith("*");
  }

  /** The path or prefix without the star. */
  public String literal() {
    return isPrefix() ? text.substring(0, text.length() - 1) : text;
  }

  /**
   * @param path the request's path without query, as it is judged
   */
  public boolean matches(String path) {
    return isPrefix() ? path.regionMatches(0, text, 0, text.length() - 1) : path.equals(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
