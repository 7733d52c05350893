package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is never captured on its way out, beside the agent's own traffic and port 22.
 *
 * @param uids of the calling processes
 * @param ports called
 * @param addresses called
 */
public record Exclusions(
    SortedSet<Integer> uids, SortedSet<Integer> ports, List<AddressRange> addresses) {
  public static final Exclusions NONE = new Exclusions(new TreeSet<>(), new TreeSet<>(), List.of());

  public Exclusions {
    uids = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(uids));
    ports = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(ports));
    addresses = List.copyOf(addresses);
  }
}
