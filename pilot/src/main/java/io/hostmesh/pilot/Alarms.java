package io.hostmesh.pilot;

import io.hostmesh.pilot.snapshot.Published;
import java.util.HashSet;
import java.util.Set;

/** Says each problem of the mesh once when it appears, and once when it has passed. */
final class Alarms {
  private static final System.Logger LOG = System.getLogger(Alarms.class.getName());

  private Set<String> known = Set.of();

  synchronized void look(Published published) {
    Set<String> now = new HashSet<>(published.problems());
    now.stream()
        .filter(problem -> !known.contains(problem))
        .forEach(problem -> LOG.log(System.Logger.Level.WARNING, problem));
    known.stream()
        .filter(problem -> !now.contains(problem))
        .forEach(problem -> LOG.log(System.Logger.Level.INFO, "passed: " + problem));
    known = now;
  }
}
