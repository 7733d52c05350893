package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import java.util.Optional;

/** What makes a rule unique: its kind and the service that it is for. */
public record RuleKey(RuleKind kind, ServiceName service) implements Comparable<RuleKey> {
  /**
   * {@code <kind>/<namespace>/<service>}, the key's form below the rules' folder in the registry.
   */
  public String path() {
    return kind.text() + "/" + service.full();
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
              RuleKind.parse(path.substring(0, slash)),
              ServiceName.parse(path.substring(slash + 1))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public int compareTo(RuleKey other) {
    int byKind = kind.compareTo(other.kind);
    return byKind != 0 ? byKind : service.compareTo(other.service);
  }

  /** {@code route greeter}: how messages and the command line call a rule. */
  @Override
  public String toString() {
    return kind.text() + " " + service;
  }
}
