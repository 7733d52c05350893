package io.hostmesh.pilot.rules;

import io.hostmesh.model.hocon.Origin;

/**
 * Something wrong with a rule.
 *
 * @param text what is wrong and what would be right, without the place
 */
public record RuleProblem(Origin origin, String text, Weight weight) {
  /** What follows from a problem. */
  public enum Weight {
    /** Said, and nothing else. */
    NOTE,
    /**
     * Refused where a person applies it and a better version holds; harmless where it is all there
     * is: a grant to a service that does not exist lets nobody in, and what goes to a subset that
     * nobody declares is answered 503, while the rest of its rule works.
     */
    DANGLING,
    /** The rule cannot hold. */
    FATAL
  }

  /** Whether a rule with it is refused. */
  public boolean refuses() {
    return weight != Weight.NOTE;
  }

  /** One line with the place. */
  @Override
  public String toString() {
    return origin + ": " + text;
  }
}
