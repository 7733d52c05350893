package io.hostmesh.pilot.rules;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What became of a document of the registry.
 *
 * @param inForce what holds for its key: made of this document, or of the last good one
 * @param problems what is wrong with this document, notes included
 */
public record RuleState(
    RuleDocument document, Optional<RuleInForce> inForce, List<RuleProblem> problems) {
  public RuleState {
    problems = List.copyOf(problems);
  }

  /** The same with one problem more. */
  RuleState with(Optional<RuleProblem> alarm) {
    return alarm
        .map(
            problem ->
                new RuleState(
                    document,
                    inForce,
                    Stream.concat(Stream.of(problem), problems.stream()).toList()))
        .orElse(this);
  }

  /** Whether what holds is what the registry says. */
  public boolean isCurrent() {
    return inForce.filter(rule -> rule.document().equals(document) && !rule.standIn()).isPresent();
  }
}
