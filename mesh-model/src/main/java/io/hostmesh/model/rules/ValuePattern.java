package io.hostmesh.model.rules;

/**
 * A pattern for a header's value or a claim: the value itself, {@code prefix*} where the star is
 * the last character, or {@code *} for any value that is there.
 */
public record ValuePattern(String text) {
  public boolean matches(String value) {
    int last = text.length() - 1;
    boolean prefix = last >= 0 && text.charAt(last) == '*';
    return prefix ? value.regionMatches(0, text, 0, last) : value.equals(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
