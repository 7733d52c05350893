package io.hostmesh.model.rules;

import java.util.List;

/** What a rule asks of a header or a query parameter, which may have several values. */
public sealed interface ValueMatch {
  /** It is there, and one of its values is one of these. */
  record AnyOf(List<ValuePattern> patterns) implements ValueMatch {
    public AnyOf {
      patterns = List.copyOf(patterns);
    }

    @Override
    public boolean matches(List<String> values) {
      return isAmong(patterns, values);
    }

    private static boolean isAmong(List<ValuePattern> patterns, List<String> values) {
      for (int i = 0; i < values.size(); i++) {
        for (int j = 0; j < patterns.size(); j++) {
          if (patterns.get(j).matches(values.get(i))) {
            return true;
          }
        }
      }
      return false;
    }
  }

  /** It is there, and all of one of its values matches. */
  record Like(Regex regex) implements ValueMatch {
    @Override
    public boolean matches(List<String> values) {
      for (int i = 0; i < values.size(); i++) {
        if (regex.matches(values.get(i))) {
          return true;
        }
      }
      return false;
    }
  }

  /** No value of it is one of these, or it is not there at all. */
  record NoneOf(List<ValuePattern> patterns) implements ValueMatch {
    public NoneOf {
      patterns = List.copyOf(patterns);
    }

    @Override
    public boolean matches(List<String> values) {
      return !AnyOf.isAmong(patterns, values);
    }
  }

  /** It is not there. */
  record Absent() implements ValueMatch {
    @Override
    public boolean matches(List<String> values) {
      return values.isEmpty();
    }
  }

  /**
   * @param values in their order; empty where it is not there
   */
  boolean matches(List<String> values);
}
