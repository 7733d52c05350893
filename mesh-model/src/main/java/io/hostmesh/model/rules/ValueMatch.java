package io.hostmesh.model.rules;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a rule asks of a header or a query parameter. */
public sealed interface ValueMatch {
  /** It is there, with one of these values. */
  record AnyOf(List<ValuePattern> patterns) implements ValueMatch {
    public AnyOf {
      patterns = List.copyOf(patterns);
    }

    @Override
    public boolean matches(@Nullable String value) {
      if (value == null) {
        return false;
      }
      for (int i = 0; i < patterns.size(); i++) {
        if (patterns.get(i).matches(value)) {
          return true;
        }
      }
      return false;
    }
  }

  /** It is there, and all of its value matches. */
  record Like(Regex regex) implements ValueMatch {
    @Override
    public boolean matches(@Nullable String value) {
      return value != null && regex.matches(value);
    }
  }

  /** It is there and none of these, or not there at all. */
  record NoneOf(List<ValuePattern> patterns) implements ValueMatch {
    public NoneOf {
      patterns = List.copyOf(patterns);
    }

    @Override
    public boolean matches(@Nullable String value) {
      return !new AnyOf(patterns).matches(value);
    }
  }

  /** It is not there. */
  record Absent() implements ValueMatch {
    @Override
    public boolean matches(@Nullable String value) {
      return value == null;
    }
  }

  /**
   * @param value null where it is not there
   */
  boolean matches(@Nullable String value);
}
