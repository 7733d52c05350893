package io.hostmesh.pilot.rules;

import io.hostmesh.model.rules.Rule;

/**
 * A rule that holds.
 *
 * @param document what it was made of
 * @param standIn whether it only closes a service whose access rule cannot hold
 */
public record RuleInForce(Rule rule, RuleDocument document, boolean standIn) {
  /** As access logs and status show it. */
  public String revision() {
    return Long.toString(document.revision());
  }
}
