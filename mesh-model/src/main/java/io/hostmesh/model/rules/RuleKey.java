package io.hostmesh.model.rules;

import java.util.Optional;

/** What makes a rule unique: its kind and what it is for. */
public record RuleKey(RuleKind kind, Scope scope) implements Comparable<RuleKey> {
  /**
   * {@code <kind>/<namespace>/<service>} with {@code *} for all, the key's form below the rules'
   * folder in the registry.
   */
  public String path() {
    return kind.text() + "/" + scope.path();
  }

  /** The key of a path that {@link #path()} made; empty for anything else. */
  public static Optional<RuleKey> parse(String path) {
    int slash = path.indexOf('/');
    if (slash < 0 || path.indexOf('/', slash + 1) < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new RuleKey(
              RuleKind.parse(path.substring(0, slash)), Scope.parse(path.substring(slash + 1))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public int compareTo(RuleKey other) {
    int byKind = kind.compareTo(other.kind);
    return byKind != 0 ? byKind : scope.compareTo(other.scope);
  }

  /** {@code route greeter}: how messages and the command line call a rule. */
  @Override
  public String toString() {
    return kind.text() + " " + scope;
  }
}
