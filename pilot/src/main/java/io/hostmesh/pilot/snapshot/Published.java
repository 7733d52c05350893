package io.hostmesh.pilot.snapshot;

import io.hostmesh.pilot.catalog.CatalogGuard;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.pilot.rules.RuleBook;
import io.hostmesh.pilot.rules.RuleState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A snapshot with all that it was made of. Immutable, for any thread.
 *
 * @param ignored services of the registry that cannot be in the mesh, and why
 * @param live whether everything was heard from the registry in this run; false while some of it
 *     still comes from disk
 */
public record Published(
    Snapshot snapshot,
    SnapshotInputs inputs,
    CatalogGuard guard,
    RuleBook rules,
    Entitlements entitlements,
    Known known,
    SortedMap<String, String> ignored,
    boolean live) {
  public Published {
    ignored = Collections.unmodifiableSortedMap(new TreeMap<>(ignored));
  }

  /** What is wrong now, one line each. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    if (guard.isHolding()) {
      problems.add(held());
    }
    for (RuleState state : rules.states()) {
      state.problems().forEach(problem -> problems.add("rule " + problem + ruling(state)));
    }
    entitlements
        .refused()
        .forEach((node, why) -> problems.add("entitlement of node " + node + ": " + why));
    problems.addAll(snapshot.problems());
    ignored.forEach((name, why) -> problems.add("service " + name + " is ignored: " + why));
    return List.copyOf(problems);
  }

  private String held() {
    return guard.missing().size()
        + " of "
        + guard.instances().size()
        + " instances disappeared from the registry at once at "
        + guard.since().map(Object::toString).orElse("")
        + "; they are kept"
        + (guard.limits().hold().isZero() ? "" : " for " + guard.limits().hold())
        + ". If they are gone for good, say so: POST /v1/catalog/confirm on pilot's admin socket";
  }

  private static String ruling(RuleState state) {
    if (state.isCurrent()) {
      return "";
    }
    return state
        .inForce()
        .map(
            rule ->
                rule.standIn()
                    ? " (the service is closed to everyone until the rule is mended)"
                    : " (revision " + rule.revision() + " stays in force)")
        .orElse(" (no rule is in force instead)");
  }
}
