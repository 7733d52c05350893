package io.hostmesh.model.rules;

/**
 * A pattern for a header's value or a claim: the value itself, {@code prefix*} or {@code *suffix}
 * where the star is the last or the first character, or {@code *} for any value that is there.
 */
public record ValuePattern(String text) {
  public boolean matches(String value) {
    int last = text.length() - 1;
    boolean prefix = last >= 0 && text.charAt(last) == '*';
    if (!prefix && last > 0 && text.charAt(0) == '*') {
      return value.length() >= last && value.regionMatches(value.length() - last, text, 1, last);
    }
    return prefix ? value.regionMatches(0, text, 0, last) : value.equals(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
