package io.hostmesh.model.rules;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * A regular expression by RE2's rules, which takes time linear in what it reads: no rule can make a
 * request slow (<a href="https://github.com/google/re2/wiki/Syntax">RE2 syntax</a>). Immutable, for
 * any thread.
 */
public final class Regex {
  /** More than any sane pattern; what RE2 makes of one takes memory in every agent. */
  private static final int LONGEST = 1024;

  private final Pattern pattern;

  /**
   * @throws IllegalArgumentException where RE2 does not take it
   */
  public Regex(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "a regular expression of "
              + text.length()
              + " characters; at most "
              + LONGEST
              + " are taken");
    }
    try {
      this.pattern = Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not a regular expression of RE2 ("
              + e.getDescription()
              + "; it has no backreferences and no lookaround)",
          e);
    }
  }

  public String text() {
    return pattern.pattern();
  }

  /** Whether all of a text matches, as Envoy's safe_regex does. */
  public boolean matches(String whole) {
    return pattern.matcher(whole).matches();
  }

  /**
   * The text with all that matches replaced.
   *
   * @param substitution with {@code $1} for a group
   * @throws IndexOutOfBoundsException where it names a group that the expression does not have; to
   *     be found out when a rule is read, see {@link #groups}
   */
  public String replace(String text, String substitution) {
    return pattern.matcher(text).replaceAll(substitution);
  }

  /** How many groups a substitution may name. */
  public int groups() {
    return pattern.groupCount();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Regex that && text().equals(that.text());
  }

  @Override
  public int hashCode() {
    return text().hashCode();
  }

  @Override
  public String toString() {
    return text();
  }
}
